"""ViT: a transformer over the patches of one image.

Dosovitskiy et al. 2021 (arXiv:2010.11929). Parameter names and layouts are timm's (``vit_base_patch16_224``:
layer norm first, eps 1e-6, exact GELU, class token), so that published weights load as they are.
"""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.view import Sources
from foretaste.models import weights
from foretaste.models.pixels import Normalise, Pixels
from foretaste.models.vision_layers import Attention, Mlp, PatchEmbed, truncated_normal
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("<classify>", "embedding")


class Config(Options):
    image: PositiveInt = 224
    """Height and width of the frames, in pixels."""
    patch: PositiveInt = 16
    """Height and width of a patch; it divides the image."""
    width: PositiveInt = 768
    """Values of the vector of a patch."""
    layers: PositiveInt = 12
    """Blocks, one after another."""
    heads: PositiveInt = 12
    """Attention heads; they divide the width."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """On the vector that is classified."""
    classify: tuple[str, ...] = ()
    """Heads of a recogniser; a backbone within another network has none."""
    pixels: Pixels = Pixels()
    """How it reads the bytes of a picture: as its first weights were trained (timm's augreg and in21k_ft_in1k
    ViT from -1 to 1, DeiT and DINO with ImageNet's mean and std).
    """
    weights: str | None = None
    """File to start from, in timm's layout (.pth or .safetensors), relative to data_root; null: random
    weights.
    """

    @model_validator(mode="after")
    def _divides(self) -> Config:
        if self.image % self.patch or self.width % self.heads:
            raise ValueError("the patch must divide the image, and the heads the width")
        return self


class Block(nn.Module):
    """x + attn(norm1(x)), then x + mlp(norm2(x))."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    """One vector an image: the class token after the last norm; and linear heads on it, if there are
    ``classes``.
    """

    def __init__(self, config: Config, classes: dict[str, int]):
        super().__init__()
        self.width = config.width
        self.pixels = Normalise(config.pixels)
        self.patch_embed = PatchEmbed(config.patch, config.width, self.pixels.channels)
        self.cls_token = nn.Parameter(torch.empty(1, 1, config.width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + (config.image // config.patch) ** 2, config.width))
        self.blocks = nn.Sequential(*(Block(config.width, config.heads) for _ in range(config.layers)))
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict(
            {head: nn.Linear(config.width, count) for head, count in classes.items()}
        )
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        truncated_normal(self)

    def embed(self, frames: Tensor) -> Tensor:
        """Frames (B, 3, H, W) uint8 -> vectors (B, D)."""
        patches = self.patch_embed(self.pixels(frames))
        tokens = (
            torch.cat((self.cls_token.expand(len(patches), -1, -1), patches), 1) + self.pos_embed
        )  # (B, 1 + N, D)
        return self.norm(self.blocks(tokens)[:, 0])

    def forward(self, batch: Batch) -> Outputs:
        """``frames`` (B, 3, H, W) uint8 -> ``logits`` of every head and ``embedding``."""
        embedding = self.embed(batch.inputs["frames"])
        kept = self.dropout(embedding)
        return Outputs(
            logits={head: classifier(kept) for head, classifier in self.classifiers.items()},
            embedding=embedding,
        )


def build(config: Config, sources: Sources) -> Vit:
    """The network with one linear classifier a head for the classes of ``sources``, from the weights of
    ``sources`` if it names some.
    """
    heads = sources.need("classes", "vit").sizes(config.classify) if config.classify else {}
    model = Vit(config, heads)
    if config.weights is not None:
        weights.start_from(model, sources.need("weights", "vit with weights"), [weights.VIT])
    return model
