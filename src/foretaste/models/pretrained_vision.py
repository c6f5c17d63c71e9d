"""An image or video network of transformers, out of the folder that it was published in: ViT, DeiT, DINOv2
and 3, SigLIP, CLIP, ConvNeXt, VideoMAE, TimeSformer, V-JEPA 2, and what else the library has by their
interface.

    inputs    frames (B, 3, H, W) uint8 of a network of pictures, (B, T, 3, H, W) of one of clips
    embedding (B, D); as a backbone also maps (B, N, D)

How it reads pixels is said by its folder (``preprocessor_config.json``). Every weight that it uses must be in
the folder; what only its pretraining or its own classes needed (``vision_folder``) is left out. A network of
clips that learnt a position for every time sees clips of exactly that length: transformers itself gives wrong
numbers for others, without a word.
"""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from transformers import PretrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING_NAMES

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.models.pixels import Normalise, Pixels
from foretaste.models.vision_folder import WITH_CLASS_TOKEN, Pool, open_network, read_pixels
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("<classify>", "embedding")

#: Architectures that learnt one position for every patch of pictures of one size.
_ONE_SIZE = ("clip_vision_model", "deit", "siglip_vision_model", "timesformer", "videomae", "vit", "vivit")

#: Those that give a map.
_MAPS = ("tokens", "steps")


class Config(Options):
    pool: Pool = "mean"
    """The vector that stands for what is seen: the last layer's `class_token`, the `mean` of its patches, or
    what the network's own `pooler` makes (SigLIP, CLIP). Of a backbone also maps, for
    a probe to pool: `tokens`, every patch's vector, and `steps`, of VideoMAE and V-JEPA 2, the mean of the
    patches of each step.
    """
    imagine: tuple[PositiveInt, ...] = ()
    """V-JEPA 2 alone, with `tokens` or `steps`: steps after the clip whose patches its predictor is asked
    for; they follow those of the clip. A step is `tubelet_size` frames of the clip: 2, at 4 frames a second
    half a second.
    """
    dropout: float = Field(0.0, ge=0, lt=1)
    """On the vector that is classified."""
    classify: tuple[str, ...] = ()
    """Heads of a recogniser; a backbone that is used as it is has none."""
    pixels: Pixels | None = None
    """How it reads the bytes of a picture; null: as its folder says."""

    @model_validator(mode="after")
    def _maps_are_a_backbones(self) -> Config:
        if self.pool in _MAPS and self.classify:
            raise ValueError(f"pool: {self.pool} gives a backbone's maps; to classify, set another pool")
        if self.imagine and self.pool not in _MAPS:
            raise ValueError("imagine: needs pool: tokens or steps")
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
        """Frames (B, 3, H, W), or clips (B, T, 3, H, W), uint8 -> vectors (B, D), or all tokens (B, N, D)."""
        self._check(frames.shape)
        seen = self.pixels(frames)
        if self.config.imagine:
            tokens = _with_imagined(self.hf, seen, self.config.imagine)
            return self._by_step(tokens, frames) if self.config.pool == "steps" else tokens
        if self.hf.config.model_type == "vjepa2":
            given = self.hf(pixel_values_videos=seen, skip_predictor=True)
        else:
            given = self.hf(pixel_values=seen)
        if self.config.pool == "pooler":
            return given.pooler_output.flatten(1)
        tokens = given.last_hidden_state  # (B, N, D), or of convolutions (B, D, h, w)
        if tokens.dim() > 3:
            tokens = tokens.flatten(2).mT
        if self.config.pool == "class_token":
            return tokens[:, 0]
        patches = tokens[:, _before_patches(self.hf.config) :]
        if self.config.pool == "steps":
            return self._by_step(patches, frames)
        return patches if self.config.pool == "tokens" else patches.mean(1)

    def _by_step(self, patches: Tensor, clips: Tensor) -> Tensor:
        """(B, N, D) -> (B, steps, D), the imagined ones behind those of the clip."""
        steps = clips.shape[1] // self.hf.config.tubelet_size + len(self.config.imagine)
        return patches.unflatten(1, (steps, -1)).mean(2)

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


def _with_imagined(hf: nn.Module, clips: Tensor, steps: tuple[int, ...]) -> Tensor:
    """The tokens of clips (B, T, 3, H, W), and behind them those that the predictor makes of each of
    ``steps`` after the clip: (B, N, D).

    The predictor sees all tokens of the clip, and mask tokens whose positions lie behind it.
    """
    config = hf.config
    if clips.shape[-2:] != (config.crop_size,) * 2 or clips.shape[1] % config.tubelet_size:
        raise ConfigError(
            f"clips of {clips.shape[1]} frames of {clips.shape[-2]} x {clips.shape[-1]}, to imagine more",
            "view of the preset",
            f"a multiple of {config.tubelet_size} frames, of {config.crop_size} x {config.crop_size}",
            "set frames and size of the view",
        )
    a_step = (config.crop_size // config.patch_size) ** 2
    shown = clips.shape[1] // config.tubelet_size * a_step
    patches = torch.arange(a_step, device=clips.device)
    wanted = torch.cat([shown + (step - 1) * a_step + patches for step in steps])
    masks = (torch.arange(shown, device=clips.device), wanted)
    context, target = ([mask.expand(len(clips), -1)] for mask in masks)
    tokens = hf(pixel_values_videos=clips, skip_predictor=True).last_hidden_state
    imagined = hf.predictor(encoder_hidden_states=tokens, context_mask=context, target_mask=target)
    return torch.cat((tokens, imagined.last_hidden_state), 1)


def _width(config: PretrainedConfig) -> int:
    """D of the last layer."""
    if hasattr(config, "hidden_sizes"):
        return config.hidden_sizes[-1]
    return config.hidden_size


def _before_patches(config: PretrainedConfig) -> int:
    """Tokens that stand before those of the patches."""
    if config.model_type not in WITH_CLASS_TOKEN:
        return 0
    return 1 + getattr(config, "num_register_tokens", 0) + (config.model_type == "deit")


def build(config: Config, sources: Sources) -> PretrainedVision:
    """The network of ``sources.pretrained``, with the dataset's ``classify`` heads."""
    folder = sources.need("pretrained", "models.pretrained_vision")
    heads = (
        sources.need("classes", "models.pretrained_vision").sizes(config.classify) if config.classify else {}
    )
    hf = open_network(folder, config.pool)
    if config.imagine and hf.config.model_type != "vjepa2":
        raise ConfigError(
            f"{hf.config.model_type} has no predictor of what comes after",
            "network of the preset: imagine",
            "vjepa2",
            "leave imagine out, or use another folder",
        )
    pixels = read_pixels(folder) if config.pixels is None else config.pixels
    return PretrainedVision(config, hf, pixels, heads)
