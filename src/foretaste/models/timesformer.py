"""TimeSformer: a ViT over clips, whose patches attend over time and over space in turns.

Bertasius et al. 2021, "Is Space-Time Attention All You Need for Video Understanding?" (arXiv:2102.05095),
section 3; the other two kinds of attention are those of its section 4.1. Parameter names and layouts are
those of the authors' code, which are timm's for what a ViT has; transformers' names are read as well, and so
is a ViT of timm, as the paper starts: attention over time begins as a copy of that over space, and adds
nothing yet.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.models import weights
from foretaste.models.pixels import Normalise, Pixels
from foretaste.models.vision_layers import Attention, DropPath, Mlp, PatchEmbed, truncated_normal
from foretaste.settings.options import Options

#: What it gives, as terms call it: ``maps.patches`` are the patches after the last norm.
GIVES = ("<heads>", "embedding", "maps.patches")

#: The authors' code, its checkpoints (.pyth), transformers' TimesformerForVideoClassification, timm's ViT.
AUTHORS = weights.Layout(head="head")
CHECKPOINT = weights.Layout(renames=((r"^", "model."),), head="model.head", entry="model_state")
TRANSFORMERS = weights.Layout(
    renames=(
        (r"^cls_token$", "timesformer.embeddings.cls_token"),
        (r"^pos_embed$", "timesformer.embeddings.position_embeddings"),
        (r"^time_embed$", "timesformer.embeddings.time_embeddings"),
        (r"^patch_embed\.proj\.", "timesformer.embeddings.patch_embeddings.projection."),
        (r"^norm\.", "timesformer.layernorm."),
        (r"^blocks\.(\d+)\.", r"timesformer.encoder.layer.\1."),
        (r"\.norm1\.", ".layernorm_before."),
        (r"\.norm2\.", ".layernorm_after."),
        (r"\.temporal_norm1\.", ".temporal_layernorm."),
        (r"\.temporal_fc\.", ".temporal_dense."),
        (r"\.(temporal_)?attn\.qkv\.", r".\1attention.attention.qkv."),
        (r"\.(temporal_)?attn\.proj\.", r".\1attention.output.dense."),
        (r"\.mlp\.fc1\.", ".intermediate.dense."),
        (r"\.mlp\.fc2\.", ".output.dense."),
    ),
    head="classifier",
)
IMAGES = weights.Layout(
    renames=((r"\.temporal_norm1\.", ".norm1."), (r"\.temporal_attn\.", ".attn.")),
    head="head",
    optional=r"^time_embed$|\.temporal_fc\.",
)


class Config(Options):
    image: PositiveInt = 224
    """Height and width of the frames, in pixels."""
    patch: PositiveInt = 16
    """Height and width of a patch; it divides the image."""
    frames: PositiveInt = 8
    """T."""
    stretch: bool = False
    """Clips of another length and frames of another size are read by tables of positions that are stretched
    to them (nearest), as the authors' code does; unset, they are refused.
    """
    attention: Literal["divided", "joint", "space_only"] = "divided"
    """`divided`: over time, then over space. `joint`: of all patches with all. `space_only`: frame by frame;
    the frames are averaged at the end, and their order does not count.
    """
    width: PositiveInt = 768
    """Values of the vector of a patch."""
    layers: PositiveInt = 12
    """Blocks, one after another."""
    heads: PositiveInt = 12
    """Attention heads; they divide the width."""
    drop_path: float = Field(0.1, ge=0, lt=1)
    """How often the last block adds nothing, in training; it falls evenly to 0 at the first."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """On the vector that is classified."""
    classify: tuple[str, ...] = ()
    """Heads; none: all of the dataset's."""
    pixels: Pixels = Pixels(mean=(0.45, 0.45, 0.45), std=(0.225, 0.225, 0.225))
    """How it reads pixels. The authors' networks of Kinetics saw RGB; those of Something-Something were
    trained on BGR (`order: bgr`), with the same mean and std.
    """
    weights: str | None = None
    """File to start from, of the authors' code (.pyth), of transformers, or a ViT of timm, relative to
    data_root; null: random weights.
    """

    @model_validator(mode="after")
    def _divides(self) -> Config:
        if self.image % self.patch or self.width % self.heads:
            raise ValueError("the patch must divide the image, and the heads the width")
        return self


class Block(nn.Module):
    """Attention over space, or (``divided``) first over time, then the MLP; each adds to what there is."""

    def __init__(self, width: int, heads: int, divided: bool, drop_path: float):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.divided = divided
        if divided:
            self.temporal_norm1 = nn.LayerNorm(width, eps=1e-6)
            self.temporal_attn = Attention(width, heads)
            self.temporal_fc = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """(B, 1 + P x T, D), the class token first and time within a place."""
        x = self._divided(x, frames) if self.divided else x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def _divided(self, x: Tensor, frames: int) -> Tensor:
        token, patches = x[:, :1], x[:, 1:].unflatten(1, (-1, frames))  # (B, 1, D), (B, P, T, D)
        places = patches.flatten(0, 1)
        seen = self.drop_path(self.temporal_attn(self.temporal_norm1(places)))
        patches = patches + self.temporal_fc(seen).view_as(patches)
        tokens = token[:, None].expand(-1, frames, -1, -1)
        pictures = torch.cat((tokens, patches.transpose(1, 2)), 2)  # (B, T, 1 + P, D)
        seen = self.drop_path(self.attn(self.norm1(pictures.flatten(0, 1)))).view_as(pictures)
        # Each frame has a class token of its own here; what they add is averaged.
        token, patches = token + seen[:, :, 0].mean(1, keepdim=True), patches + seen[:, :, 1:].transpose(1, 2)
        return torch.cat((token, patches.flatten(1, 2)), 1)


class Timesformer(nn.Module):
    """The class token after the last norm, and one linear classifier a head."""

    def __init__(self, config: Config, classes: dict[str, int]):
        super().__init__()
        self.config, self.width = config, config.width
        self.timeless = config.attention == "space_only"
        self.pixels = Normalise(config.pixels)
        self.patch_embed = PatchEmbed(config.patch, config.width, self.pixels.channels)
        self.cls_token = nn.Parameter(torch.empty(1, 1, config.width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + (config.image // config.patch) ** 2, config.width))
        if not self.timeless:
            self.time_embed = nn.Parameter(torch.zeros(1, config.frames, config.width))
        divided, last = config.attention == "divided", max(config.layers - 1, 1)
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, divided, config.drop_path * number / last)
            for number in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict(
            {head: nn.Linear(config.width, count) for head, count in classes.items()}
        )
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        truncated_normal(self)
        for block in self.blocks if divided else ():
            nn.init.zeros_(block.temporal_fc.weight)

    def embed(self, x: Tensor) -> Tensor:
        """Numbers (B, T, channels, H, W) -> tokens (B, 1 + P x T, D), or of ``space_only`` (B x T, 1 + P,
        D).
        """
        frames, sides = x.shape[1], [side // self.config.patch for side in x.shape[-2:]]
        patches = self.patch_embed(x.flatten(0, 1))
        patches = patches + self._positions(sides)
        if not self.timeless:
            clips = patches.unflatten(0, (-1, frames)).transpose(1, 2) + self._times(frames)  # (B, P, T, D)
            patches = clips.flatten(1, 2)
        token = self.cls_token + self.pos_embed[:, :1]
        return torch.cat((token.expand(len(patches), -1, -1), patches), 1)

    def run(self, x: Tensor) -> Tensor:
        """Numbers (B, T, channels, H, W) -> tokens after the last norm, (B, 1 + P x T, D), or of
        ``space_only`` (B, 1 + P, D).
        """
        frames = x.shape[1]
        x = self.embed(x)
        for block in self.blocks:
            x = block(x, frames)
        return self.norm(x.unflatten(0, (-1, frames)).mean(1) if self.timeless else x)

    def forward(self, batch: Batch) -> Outputs:
        """``frames`` (B, T, channels, H, W) uint8 -> ``logits`` of every head, ``embedding`` (B, D), ``maps``
        (B, T, H', W', D) (of ``space_only`` one frame, the mean of all).
        """
        given = batch.inputs["frames"]
        self._check(given)
        tokens = self.run(self.pixels(given))
        rows = given.shape[-2] // self.config.patch
        times = 1 if self.timeless else given.shape[1]
        patches = tokens[:, 1:].unflatten(1, (rows, -1, times)).movedim(3, 1)
        kept = self.dropout(tokens[:, 0])
        logits = {head: classifier(kept) for head, classifier in self.classifiers.items()}
        return Outputs(logits=logits, embedding=tokens[:, 0], maps={"patches": patches})

    def _check(self, frames: Tensor) -> None:
        count, (height, width) = frames.shape[1], frames.shape[-2:]
        image, patch = self.config.image, self.config.patch
        other = (height, width) != (image, image) or (count != self.config.frames and not self.timeless)
        if height % patch or width % patch or (other and not self.config.stretch):
            raise ConfigError(
                f"{count} frames of {height} x {width} pixels",
                "view and network of the preset",
                f"{self.config.frames} frames of {image} x {image}",
                "correct frames and image of the network or the view, or set stretch (sides that the patch"
                " divides)",
            )

    def _positions(self, sides: list[int]) -> Tensor:
        """(1, P, D) for patches in ``sides`` rows and columns."""
        own = self.config.image // self.config.patch
        table = self.pos_embed[:, 1:]
        if sides == [own, own]:
            return table
        square = table.transpose(1, 2).unflatten(2, (own, own))
        return F.interpolate(square, sides, mode="nearest").flatten(2).transpose(1, 2)

    def _times(self, frames: int) -> Tensor:
        """(1, T, D)."""
        if frames == self.config.frames:
            return self.time_embed
        return F.interpolate(self.time_embed.transpose(1, 2), frames, mode="nearest").transpose(1, 2)


def build(config: Config, sources: Sources) -> Timesformer:
    """The network for the classes of ``sources``, from the weights of ``sources`` if it names some."""
    space = sources.need("classes", "timesformer")
    model = Timesformer(config, space.sizes(config.classify or space.heads))
    if config.weights is not None:
        path = sources.need("weights", "timesformer with weights")
        weights.start_from(model, path, [CHECKPOINT, AUTHORS, TRANSFORMERS, IMAGES])
    return model
