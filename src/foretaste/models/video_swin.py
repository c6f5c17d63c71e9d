"""Video Swin: a transformer whose attention stays within windows of time and space, which move by half a
window from block to block; between stages four neighbouring places become one.

Liu et al. 2022, "Video Swin Transformer" (arXiv:2106.13230), section 3. Parameter names and layouts are those
of the authors' code; torchvision's ``swin3d_*`` is the same function under other names. Clips of any length
and pictures of any size: what does not fill its windows is padded behind, by zeros that are attended to.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.view import Sources
from foretaste.models import weights
from foretaste.models.pixels import IMAGENET, Normalise, Pixels
from foretaste.models.vision_layers import DropPath, Mlp, truncated_normal
from foretaste.settings.options import Options

Size = tuple[int, int, int]

#: What it gives, as terms call it: ``maps.final`` is what is averaged and classified.
GIVES = ("<heads>", "embedding", "maps.final")

#: What is added to the weight of two places of one window that are no neighbours, before the softmax.
APART = -100.0

#: A bare backbone of the authors' code, and its whole recogniser (mmaction's checkpoints).
BACKBONE = weights.Layout(constant=r"\.relative_position_index$")
RECOGNISER = replace(BACKBONE, renames=((r"^", "backbone."),), head="cls_head.fc_cls", entry="state_dict")
TORCHVISION = replace(
    BACKBONE,
    renames=(
        *((rf"^layers\.{stage}\.blocks\.", f"features.{2 * stage}.") for stage in range(9)),
        *((rf"^layers\.{stage}\.downsample\.", f"features.{2 * stage + 1}.") for stage in range(9)),
        (r"\.mlp\.fc1\.", ".mlp.0."),
        (r"\.mlp\.fc2\.", ".mlp.3."),
    ),
    head="head",
)


class Config(Options):
    """The defaults are Swin-T; S has `depths: [2, 2, 18, 2]`, and B also `width: 128` and `heads: [4, 8, 16,
    32]`.
    """

    width: PositiveInt = 96
    """Of the first stage; each further one has twice that of the stage before."""
    depths: tuple[PositiveInt, ...] = Field((2, 2, 6, 2), min_length=1, max_length=9)
    """Blocks of each stage."""
    heads: tuple[PositiveInt, ...] = (3, 6, 12, 24)
    """Attention heads of each stage; they divide its width."""
    patch: tuple[PositiveInt, PositiveInt, PositiveInt] = (2, 4, 4)
    """Frames, rows and columns of pixels that become one place."""
    window: tuple[PositiveInt, PositiveInt, PositiveInt] = (8, 7, 7)
    """Places in time, height and width that attend to each other."""
    drop_path: float = Field(0.1, ge=0, lt=1)
    """How often the last block is left out, in training; it falls evenly to 0 at the first."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """On the vector that is classified."""
    classify: tuple[str, ...] = ()
    """Heads; none: all of the dataset's."""
    pixels: Pixels = IMAGENET
    """How it reads pixels; published networks have ImageNet's mean and std."""
    weights: str | None = None
    """File to start from, of the authors' code (`backbone.*` or without) or of torchvision, .pth or
    .safetensors, relative to data_root; null: random weights.
    """

    @model_validator(mode="after")
    def _stages_fit(self) -> Config:
        if len(self.heads) != len(self.depths):
            raise ValueError(f"{len(self.depths)} stages by depths, and {len(self.heads)} by heads")
        if any((self.width << stage) % heads for stage, heads in enumerate(self.heads)):
            raise ValueError("the heads of a stage divide its width")
        return self


class PatchEmbed3d(nn.Module):
    """(B, channels, T, H, W) -> (B, T', H', W', D), normed; padded behind to whole patches."""

    def __init__(self, patch: Size, channels: int, width: int):
        super().__init__()
        self.proj = nn.Conv3d(channels, width, patch, stride=patch)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        behind = [-size % part for size, part in zip(x.shape[2:], self.proj.kernel_size)]
        if any(behind):
            x = F.pad(x, [part for one in reversed(behind) for part in (0, one)])
        # Patches do not overlap: a product of matrices says the same as the convolution, in less time.
        for dimension, size in zip((2, 4, 6), self.proj.kernel_size):
            x = x.unflatten(dimension, (-1, size))
        patches = x.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4)
        return self.norm(F.linear(patches, self.proj.weight.flatten(1), self.proj.bias))


class WindowAttention(nn.Module):
    """Attention among the N places of each window, with a bias for every distance in time and space."""

    def __init__(self, width: int, heads: int, window: Size):
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        distances = [2 * size - 1 for size in window]
        count = distances[0] * distances[1] * distances[2]
        self.relative_position_bias_table = nn.Parameter(torch.empty(count, heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.register_buffer("relative_position_index", _distances(window), persistent=False)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, apart: Tensor | None) -> Tensor:
        """Windows (B x W, N, D); ``apart`` (W, N, N) is added to the weights of each window's pairs."""
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        count = x.shape[1]
        # For a window that is smaller than configured the published code cuts the table like this, too.
        index = self.relative_position_index[:count, :count]
        bias = F.embedding(index, self.relative_position_bias_table).permute(2, 0, 1).contiguous()
        if apart is not None:
            bias = bias + apart[:, None]  # (W, heads, N, N)
        scores = (query * self.scale) @ key.mT
        windows = 1 if apart is None else len(apart)
        scores.unflatten(0, (-1, windows)).add_(bias)
        return self.proj((scores.softmax(-1) @ value).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """x + attn(norm1(x)) within windows, then x + mlp(norm2(x))."""

    def __init__(self, width: int, heads: int, window: Size, drop_path: float):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(width, heads, window)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, window: Size, shift: Size, apart: Tensor | None) -> Tensor:
        """(B, T, H, W, D), its windows moved by ``shift``."""
        x = x + self.drop_path(self._attend(self.norm1(x), window, shift, apart))
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def _attend(self, x: Tensor, window: Size, shift: Size, apart: Tensor | None) -> Tensor:
        frames, height, width = x.shape[1:4]
        behind = [-size % part for size, part in zip(x.shape[1:4], window)]
        if any(behind):
            x = F.pad(x, (0, 0, 0, behind[2], 0, behind[1], 0, behind[0]))
        padded = x.shape
        if any(shift):
            x = x.roll([-part for part in shift], (1, 2, 3))
        x = _joined(self.attn(_windows(x, window), apart), window, padded)
        if any(shift):
            x = x.roll(shift, (1, 2, 3))
        return x[:, :frames, :height, :width] if any(behind) else x


class PatchMerging(nn.Module):
    """Four places, 2 x 2, become one of twice the width."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:4]
        x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        corners = [x[:, :, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(corners, -1)))


class Stage(nn.Module):
    """Blocks; in every other one the windows are moved. Between stages: ``downsample``."""

    def __init__(self, width: int, heads: int, window: Size, drop_paths: list[float], merge: bool):
        super().__init__()
        self.window = window
        self.blocks = nn.ModuleList(Block(width, heads, window, rate) for rate in drop_paths)
        self.downsample = PatchMerging(width) if merge else None

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, H, W, D) -> the same, or (B, T, H / 2, W / 2, 2 D)."""
        sizes = x.shape[1:4]
        # A dimension that fits into one window has one, of its own size, which never moves.
        window = tuple(min(size, part) for size, part in zip(sizes, self.window))
        shift = tuple(0 if size <= part else part // 2 for size, part in zip(sizes, self.window))
        apart = _apart(sizes, window, shift, x) if any(shift) and len(self.blocks) > 1 else None
        for number, block in enumerate(self.blocks):
            moved = number % 2 and any(shift)
            x = block(x, window, shift if moved else (0, 0, 0), apart if moved else None)
        return x if self.downsample is None else self.downsample(x)


class VideoSwin(nn.Module):
    """Stages, the mean over all places, and one linear classifier a head. ``width``: D of the vector."""

    def __init__(self, config: Config, classes: dict[str, int]):
        super().__init__()
        self.pixels = Normalise(config.pixels)
        self.patch_embed = PatchEmbed3d(config.patch, self.pixels.channels, config.width)
        count = sum(config.depths)
        rates = [config.drop_path * block / max(count - 1, 1) for block in range(count)]
        self.layers = nn.ModuleList()
        for stage, (depth, heads) in enumerate(zip(config.depths, config.heads)):
            own, rates, last = rates[:depth], rates[depth:], stage == len(config.depths) - 1
            self.layers.append(Stage(config.width << stage, heads, config.window, own, merge=not last))
        self.width = config.width << (len(config.depths) - 1)
        self.norm = nn.LayerNorm(self.width)
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict(
            {head: nn.Linear(self.width, count) for head, count in classes.items()}
        )
        truncated_normal(self)

    def run(self, x: Tensor) -> Tensor:
        """Numbers (B, channels, T, H, W) -> the last map, normed, (B, T', H', W', D)."""
        x = self.patch_embed(x)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)

    def forward(self, batch: Batch) -> Outputs:
        """``frames`` (B, T, channels, H, W) uint8 -> ``logits`` of every head, ``embedding`` (B, D),
        ``maps``.
        """
        final = self.run(self.pixels(batch.inputs["frames"]).transpose(1, 2))
        embedding = final.mean((1, 2, 3))
        kept = self.dropout(embedding)
        logits = {head: classifier(kept) for head, classifier in self.classifiers.items()}
        return Outputs(logits=logits, embedding=embedding, maps={"final": final})


def _distances(window: Size) -> Tensor:
    """(N, N) int64: the row of the bias table for each pair of the places of a window."""
    places = torch.cartesian_prod(*(torch.arange(size) for size in window)).view(-1, 3)
    steps = places[:, None] - places[None] + torch.tensor(window) - 1  # (N, N, 3), from 0
    _, rows, columns = (2 * size - 1 for size in window)
    return (steps[..., 0] * rows + steps[..., 1]) * columns + steps[..., 2]


def _windows(x: Tensor, window: Size) -> Tensor:
    """(B, T, H, W, D) -> (B x windows, N, D)."""
    for dimension, size in zip((1, 3, 5), window):
        x = x.unflatten(dimension, (-1, size))
    return x.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4, 6).flatten(0, 3)


def _joined(x: Tensor, window: Size, shape: torch.Size) -> Tensor:
    """``_windows`` undone: (B x windows, N, D) -> ``shape``."""
    counts = [size // part for size, part in zip(shape[1:4], window)]
    return x.view(shape[0], *counts, *window, -1).permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(shape)


def _apart(sizes: tuple[int, ...], window: Size, shift: Size, like: Tensor) -> Tensor:
    """(windows, N, N): ``APART`` for two places that stand in one window only because those at the front were
    moved behind the end, else 0.
    """
    region = like.new_zeros(1, 1, 1, 1, 1)
    for dimension, (size, part, moved) in enumerate(zip(sizes, window, shift), 1):
        place = torch.arange(size + -size % part, device=like.device)
        behind = (place >= len(place) - part).to(like) + (place >= len(place) - moved) if moved else place * 0
        shape = [-1 if one == dimension else 1 for one in range(5)]
        region = 3 * region + behind.view(shape)
    parts = _windows(region, window).squeeze(-1)
    return APART * (parts[:, None] != parts[:, :, None]).to(like)


def build(config: Config, sources: Sources) -> VideoSwin:
    """The network for the classes of ``sources``, from the weights of ``sources`` if it names some."""
    space = sources.need("classes", "video_swin")
    model = VideoSwin(config, space.sizes(config.classify or space.heads))
    if config.weights is not None:
        path = sources.need("weights", "video_swin with weights")
        weights.start_from(model, path, [RECOGNISER, BACKBONE, TORCHVISION])
    return model
