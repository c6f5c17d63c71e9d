"""An image or video network of transformers, out of the folder that it was published in: ViT, DeiT, DINOv2
and 3, SigLIP, CLIP, ConvNeXt, VideoMAE, TimeSformer, V-JEPA 2, and what else the library has by their
interface.

    inputs    frames (B, 3, H, W) uint8 of a network of pictures, (B, T, 3, H, W) of one of clips
    embedding (B, D)

How it reads pixels is said by its folder (``preprocessor_config.json``). Every weight that it uses must be in
the folder; what only its pretraining or its own classes needed (``_LEFT_OUT``) is left out. A network of
clips that learnt a position for every time sees clips of exactly that length: transformers itself gives wrong
numbers for others, without a word.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import torch
import transformers
from pydantic import BaseModel, Field, PositiveFloat, model_validator
from torch import Tensor, nn
from transformers import AutoModel, PretrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING_NAMES

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.json_files import checked, read_json
from foretaste.contracts.view import Sources
from foretaste.models.pixels import Normalise, Pixels
from foretaste.models.pretrained import TOWERS, check_fits, load_network, read_config, sees
from foretaste.pipeline import console
from foretaste.pipeline.hugging_face import PREPROCESSORS
from foretaste.pipeline.options import Options

#: What it gives, as terms call it.
GIVES = ("<classify>", "embedding")

#: Architectures whose first token stands for the whole picture (registers may follow it).
_WITH_CLASS_TOKEN = (
    "beit", "clip_vision_model", "deit", "dinov2", "dinov2_with_registers", "dinov3_vit", "timesformer",
    "vit", "vit_mae", "vit_msn", "vivit",
)  # fmt: skip

#: Architectures that learnt one position for every patch of pictures of one size.
_ONE_SIZE = ("clip_vision_model", "deit", "siglip_vision_model", "timesformer", "videomae", "vit", "vivit")

#: What a folder may hold that nothing here uses: heads of a pretraining, classifiers, the half that reads
#: text.
_LEFT_OUT = re.compile(
    r"^(classifier|head|lm_head|fc_norm|decoder|encoder_to_decoder|cls_classifier|distillation_classifier"
    r"|text_model|text_projection|visual_projection|logit_scale|logit_bias|pooler)\b|mask_token$|position_ids$"
)

Pool = Literal["class_token", "mean", "pooler"]


class Config(Options):
    pool: Pool = "mean"
    """The vector that stands for what is seen: the last layer's `class_token`, the `mean` of its patches, or
    what the network's own `pooler` makes (SigLIP, CLIP).
    """
    dropout: float = Field(0.0, ge=0, lt=1)
    """On the vector that is classified."""
    classify: tuple[str, ...] = ()
    """Heads of a recogniser; a backbone that is used as it is has none."""
    pixels: Pixels | None = None
    """How it reads the bytes of a picture; null: as its folder says."""


class Preprocessor(BaseModel, extra="ignore", frozen=True):
    """What of a folder's ``preprocessor_config.json`` says how pixels are read; sizes are the view's."""

    do_rescale: bool = True
    rescale_factor: float = 1 / 255
    do_normalize: bool = True
    image_mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    image_std: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (1.0, 1.0, 1.0)

    @model_validator(mode="after")
    def _said(self) -> Preprocessor:
        if self.do_normalize and not {"image_mean", "image_std"} <= self.model_fields_set:
            raise ValueError("do_normalize without image_mean and image_std")
        return self


class PretrainedVision(nn.Module):
    """The network without its own head, and linear heads of ours."""

    def __init__(self, config: Config, hf: nn.Module, pixels: Pixels, classes: dict[str, int]):
        super().__init__()
        self.config, self.hf = config, hf
        self.width = _width(hf.config)
        self.clips = hf.config.model_type in MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING_NAMES
        self.pixels = Normalise(pixels)
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict(
            {head: nn.Linear(self.width, count) for head, count in classes.items()}
        )

    def embed(self, frames: Tensor) -> Tensor:
        """Frames (B, 3, H, W), or clips (B, T, 3, H, W), uint8 -> vectors (B, D)."""
        self._check(frames.shape)
        seen = self.pixels(frames)
        if self.hf.config.model_type == "vjepa2":
            given = self.hf(pixel_values_videos=seen, skip_predictor=True)
        else:
            given = self.hf(pixel_values=seen)
        if self.config.pool == "pooler":
            return given.pooler_output.flatten(1)
        tokens = given.last_hidden_state  # (B, N, D), or of convolutions (B, D, h, w)
        if tokens.dim() > 3:
            return tokens.flatten(2).mean(2)
        if self.config.pool == "class_token":
            return tokens[:, 0]
        return tokens[:, _before_patches(self.hf.config) :].mean(1)

    def forward(self, batch: Batch) -> Outputs:
        """``frames`` -> ``logits`` of every head and ``embedding``."""
        embedding = self.embed(batch.inputs["frames"])
        kept = self.dropout(embedding)
        logits = {head: classifier(kept) for head, classifier in self.classifiers.items()}
        return Outputs(logits=logits, embedding=embedding)

    def _check(self, shape: torch.Size) -> None:
        config = self.hf.config
        if (len(shape) == 5) != self.clips:
            raise ConfigError(
                f"{'clips' if len(shape) == 5 else 'single frames'} for {config.model_type}",
                "view of the preset",
                "a view of clips" if self.clips else "a view of frames",
                "choose the other view, or another network",
            )
        length = getattr(config, "num_frames", None)
        if self.clips and length is not None and shape[1] != length:
            raise ConfigError(
                f"clips of {shape[1]} frames for {config.model_type}",
                "view of the preset: frames",
                f"{length}, the frames that its weights were trained with",
                f"set frames: {length}",
            )
        size = getattr(config, "image_size", None)
        wanted = tuple(size) if isinstance(size, (list, tuple)) else (size, size)
        if config.model_type in _ONE_SIZE and tuple(shape[-2:]) != wanted:
            raise ConfigError(
                f"pictures of {shape[-2]} x {shape[-1]} for {config.model_type}",
                "view of the preset",
                f"{wanted[0]} x {wanted[1]}, the size that its weights were trained with",
                "set the size of the view's picture",
            )


def _width(config: PretrainedConfig) -> int:
    """D of the last layer."""
    if hasattr(config, "hidden_sizes"):
        return config.hidden_sizes[-1]
    return config.hidden_size


def _before_patches(config: PretrainedConfig) -> int:
    """Tokens that stand before those of the patches."""
    if config.model_type not in _WITH_CLASS_TOKEN:
        return 0
    return 1 + getattr(config, "num_register_tokens", 0) + (config.model_type == "deit")


def read_pixels(folder: Path) -> Pixels:
    """How the network of a folder reads pixels; DataError where its files do not say, or say what is not done
    here.
    """
    there = [folder / name for name in PREPROCESSORS if (folder / name).is_file()]
    if not there:
        raise DataError(
            f"nothing says how it reads pixels (no {' or '.join(PREPROCESSORS)})",
            folder,
            "the whole folder, as it was published",
            "fetch the file, or set pixels: {mean: ..., std: ...} of the network",
        )
    said = checked(
        read_json(there[0]), Preprocessor, there[0], "fetch it again, or set pixels of the network"
    )
    scale = said.rescale_factor if said.do_rescale else 1.0
    if abs(255 * scale - 1) > 1e-6:
        raise DataError(f"pixels times {scale}", there[0], "1 / 255", "set pixels of the network")
    if not said.do_normalize:
        return Pixels(mean=(0.0,) * 3, std=(1.0,) * 3)
    return Pixels(mean=said.image_mean, std=said.image_std)


def open_network(folder: Path, pool: Pool) -> nn.Module:
    """The network of a folder, without what nothing here uses.

    Raises ConfigError for another architecture or one without what ``pool`` asks for, DataError where a
    weight that is used is missing, or one is there that nobody knows.
    """
    config = read_config(folder)
    if not sees(config):
        raise ConfigError(
            f"{config.model_type} sees neither pictures nor clips",
            folder / "config.json",
            "vit, dinov2, siglip, videomae, vjepa2 or another image or video encoder of transformers",
            "use another folder",
        )
    kind: type = AutoModel
    if (tower := TOWERS.get(config.model_type)) is not None:
        kind, config = getattr(transformers, tower), config.vision_config
    if pool == "class_token" and config.model_type not in _WITH_CLASS_TOKEN:
        raise ConfigError(
            f"{config.model_type} has no class token",
            "network of the preset: pool",
            f"mean or pooler; class_token of {', '.join(_WITH_CLASS_TOKEN)}",
            "set another pool",
        )
    hf, found = load_network(kind, folder, config, attention=None)
    unused_pooler = pool != "pooler" and getattr(hf, "pooler", None) is not None
    lacking = [name for name in found["missing_keys"] if not (unused_pooler and name.startswith("pooler."))]
    check_fits(sorted(lacking), found, folder)
    if strangers := sorted(name for name in found["unexpected_keys"] if not _LEFT_OUT.search(name)):
        raise DataError(
            f"weights that config.json does not describe: {', '.join(strangers[:3])}",
            folder,
            "every weight, and no other",
            "use a folder whose config.json and weights belong together",
        )
    if left_out := sorted({name.partition(".")[0] for name in found["unexpected_keys"]}):
        console.say(f"not used of its weights: {', '.join(left_out)}")
    if unused_pooler:
        hf.pooler = None
    if pool == "pooler" and getattr(hf, "pooler", None) is None and not hasattr(hf, "head"):
        raise ConfigError(
            f"{config.model_type} has no pooler",
            "network of the preset: pool",
            "mean or class_token",
            "set pool",
        )
    return hf


def build(config: Config, sources: Sources) -> PretrainedVision:
    """The network of ``sources.pretrained``, with the dataset's ``classify`` heads."""
    folder = sources.need("pretrained", "models.pretrained_vision")
    heads = (
        sources.need("classes", "models.pretrained_vision").sizes(config.classify) if config.classify else {}
    )
    hf = open_network(folder, config.pool)
    pixels = read_pixels(folder) if config.pixels is None else config.pixels
    return PretrainedVision(config, hf, pixels, heads)
