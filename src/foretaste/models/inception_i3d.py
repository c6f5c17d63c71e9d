"""Inception-I3D: GoogLeNet with batch norm, its filters inflated into time, over clips of RGB or of flow.

Carreira & Zisserman 2017 (arXiv:1705.07750), figure 3; channels are those of Szegedy et al. 2014
(arXiv:1409.4842), table 1. Parameter names and layouts are those of the public PyTorch port
(``rgb_imagenet.pt``, ``flow_imagenet.pt``), and so is its padding, TensorFlow's: places beyond the border are
zeros, for pooling too. The published classifier looks at 2 x 7 x 7 places at once, which a clip of 8 frames
does not have; here the mean over all places is classified, whatever the length and the size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.models import weights
from foretaste.models.pixels import Normalise, Pixels
from foretaste.settings.options import Options

EndPoint = Literal[
    "conv3d_1a_7x7", "maxpool3d_2a_3x3", "conv3d_2b_1x1", "conv3d_2c_3x3", "maxpool3d_3a_3x3", "mixed_3b",
    "mixed_3c", "maxpool3d_4a_3x3", "mixed_4b", "mixed_4c", "mixed_4d", "mixed_4e", "mixed_4f",
    "maxpool3d_5a_2x2", "mixed_5b", "mixed_5c",
]  # fmt: skip

END_POINTS: tuple[str, ...] = get_args(EndPoint)

Size = tuple[int, int, int]

#: Convolutions: output channels, kernel, stride.
CONVOLUTIONS: dict[str, tuple[int, int, int]] = {
    "conv3d_1a_7x7": (64, 7, 2),
    "conv3d_2b_1x1": (64, 1, 1),
    "conv3d_2c_3x3": (192, 3, 1),
}

#: Poolings: kernel, stride.
POOLINGS: dict[str, tuple[Size, Size]] = {
    "maxpool3d_2a_3x3": ((1, 3, 3), (1, 2, 2)),
    "maxpool3d_3a_3x3": ((1, 3, 3), (1, 2, 2)),
    "maxpool3d_4a_3x3": ((3, 3, 3), (2, 2, 2)),
    "maxpool3d_5a_2x2": ((2, 2, 2), (2, 2, 2)),
}

#: Inception modules: output channels of b0, b1a, b1b, b2a, b2b, b3b.
MODULES: dict[str, tuple[int, ...]] = {
    "mixed_3b": (64, 96, 128, 16, 32, 32),
    "mixed_3c": (128, 128, 192, 32, 96, 64),
    "mixed_4b": (192, 96, 208, 16, 48, 64),
    "mixed_4c": (160, 112, 224, 24, 64, 64),
    "mixed_4d": (128, 128, 256, 24, 64, 64),
    "mixed_4e": (112, 144, 288, 32, 64, 64),
    "mixed_4f": (256, 160, 320, 32, 128, 128),
    "mixed_5b": (256, 160, 320, 32, 128, 128),
    "mixed_5c": (384, 192, 384, 48, 128, 128),
}

#: What it gives, as terms call it: the map of every end point (after ``start``, where that is set).
GIVES = ("<heads>", "embedding", *(f"maps.{name}" for name in END_POINTS))

#: The names of the public PyTorch port. Files of torch 0.3 count no batches.
PORT = weights.Layout(
    renames=((r"^stages\.conv3d_", "Conv3d_"), (r"^stages\.mixed_", "Mixed_")),
    head="logits",
    buffers=r"\.bn\.(running_mean|running_var|num_batches_tracked)$",
    optional=r"\.num_batches_tracked$",
)


class Config(Options):
    width: PositiveFloat = 1.0
    """Channels of every layer, as a share of the published ones."""
    start: EndPoint | None = None
    """The input is the map of this end point (`features`), and only what comes after it is built; null: the
    input is pixels (`frames`).
    """
    dropout: float = Field(0.5, ge=0, lt=1)
    """On the vector that is classified."""
    classify: tuple[str, ...] = ()
    """Heads; none: all of the dataset's."""
    pixels: Pixels = Pixels()
    """How it reads pixels: published networks from -1 to 1, flow too (`mean` and `std` then have two
    entries).
    """
    weights: str | None = None
    """File to start from, of the public PyTorch port (.pt, or .safetensors with its names), relative to
    data_root; null: random weights.
    """


def margins(sizes: tuple[int, ...], kernel: Size, stride: Size) -> list[int]:
    """How much is padded so that ceil(size / stride) places come out, as ``torch.nn.functional.pad`` takes
    it: the last dimension first, what is odd behind.
    """
    found: list[int] = []
    for size, width, step in zip(sizes, kernel, stride):
        total = max(width - (size % step or step), 0)
        found = [total // 2, total - total // 2, *found]
    return found


class Pool(nn.Module):
    """Maximum over the kernel; beyond the border are zeros."""

    def __init__(self, kernel: Size, stride: Size):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, margins(x.shape[2:], self.kernel, self.stride))
        return F.max_pool3d(padded, self.kernel, self.stride)


class Unit(nn.Module):
    """Convolution (zeros beyond the border), batch norm, relu."""

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1):
        super().__init__()
        self.kernel, self.stride = (kernel,) * 3, (stride,) * 3
        # Kernels are odd: without a stride as much is padded before as behind, which a convolution does
        # itself.
        padding = kernel // 2 if stride == 1 else 0
        self.conv3d = nn.Conv3d(before, after, kernel, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm3d(after, eps=1e-3, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, margins(x.shape[2:], self.kernel, self.stride)) if max(self.stride) > 1 else x
        return F.relu(self.bn(self.conv3d(padded)))


class Inception(nn.Module):
    """Four branches, joined: 1 x 1 x 1; twice 1 x 1 x 1 and 3 x 3 x 3; pooling and 1 x 1 x 1."""

    def __init__(self, before: int, plan: tuple[int, ...]):
        super().__init__()
        self.b0 = Unit(before, plan[0], 1)
        self.b1a, self.b1b = Unit(before, plan[1], 1), Unit(plan[1], plan[2], 3)
        self.b2a, self.b2b = Unit(before, plan[3], 1), Unit(plan[3], plan[4], 3)
        self.b3a, self.b3b = Pool((3, 3, 3), (1, 1, 1)), Unit(before, plan[5], 1)

    def forward(self, x: Tensor) -> Tensor:
        branches = (self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x)))
        return torch.cat(branches, 1)


class Classifier(nn.Module):
    """Linear; as in the published network a 1 x 1 x 1 convolution."""

    def __init__(self, before: int, classes: int):
        super().__init__()
        self.conv3d = nn.Conv3d(before, classes, 1)

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, D) -> (B, C)."""
        return self.conv3d(vectors[..., None, None, None]).flatten(1)


class InceptionI3d(nn.Module):
    """The layers (after ``start``, where that is set), the mean over all places, and one linear classifier a
    head. ``width``: D of the vector.
    """

    def __init__(self, config: Config, classes: dict[str, int]):
        super().__init__()
        self.start = config.start
        self.pixels = Normalise(config.pixels) if config.start is None else None
        self.channels = self.pixels.channels if self.pixels else channels(config.start, config.width)
        self.stages = nn.ModuleDict()
        before = self.channels
        for name in END_POINTS[_begin(config) :]:
            self.stages[name] = _stage(name, before, config.width)
            before = channels(name, config.width)
        self.width = before
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict({head: Classifier(before, count) for head, count in classes.items()})

    def run(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Numbers (B, channels, T, H, W) -> vectors (B, D), and the map (B, T', H', W', D') of every end
        point that is passed.
        """
        # Pooling on a CPU works on several channels at once only where they lie together in memory.
        if x.device.type == "cpu":
            x = x.contiguous(memory_format=torch.channels_last_3d)
        maps = {}
        for name, stage in self.stages.items():
            x = stage(x)
            maps[name] = x.movedim(1, -1)
        return x.mean((2, 3, 4)), maps

    def forward(self, batch: Batch) -> Outputs:
        """``frames`` (B, T, channels, H, W) uint8, or with ``start`` that end point's maps as ``features``
        (B, T', H', W', D') or (B, steps, T', H', W', D'), whose steps follow each other in time -> ``logits``
        of every head, ``embedding`` (B, D), ``maps``.
        """
        x = self._clips(batch) if self.pixels is not None else self._maps(batch)
        embedding, maps = self.run(x)
        kept = self.dropout(embedding)
        logits = {head: classifier(kept) for head, classifier in self.classifiers.items()}
        return Outputs(logits=logits, embedding=embedding, maps=maps)

    def _clips(self, batch: Batch) -> Tensor:
        return self.pixels(batch.inputs["frames"]).transpose(1, 2)

    def _maps(self, batch: Batch) -> Tensor:
        features = batch.inputs["features"]
        if features.dim() not in (5, 6) or features.shape[-1] != self.channels:
            raise ConfigError(
                f"features {tuple(features.shape)} of a batch",
                "view and network of the preset",
                f"maps of {self.start}, (B, T, H, W, {self.channels})",
                "correct start or width of the network, or give it the maps of that end point",
            )
        return features.flatten(1, -4).movedim(-1, 1)


def channels(end_point: str, width: float) -> int:
    """D of an end point's map, ``width`` being the share of the published channels."""
    for name in reversed(END_POINTS[: END_POINTS.index(end_point) + 1]):
        if name in CONVOLUTIONS:
            return _scaled(CONVOLUTIONS[name][0], width)
        if name in MODULES:
            b0, _, b1b, _, b2b, b3b = MODULES[name]
            return sum(_scaled(branch, width) for branch in (b0, b1b, b2b, b3b))
    raise AssertionError("the first end point is a convolution")


def _scaled(published: int, width: float) -> int:
    return max(1, round(published * width))


def _begin(config: Config) -> int:
    """At which end point the network begins."""
    return 0 if config.start is None else END_POINTS.index(config.start) + 1


def _stage(name: str, before: int, width: float) -> nn.Module:
    if name in POOLINGS:
        return Pool(*POOLINGS[name])
    if name in MODULES:
        return Inception(before, tuple(_scaled(branch, width) for branch in MODULES[name]))
    after, kernel, stride = CONVOLUTIONS[name]
    return Unit(before, _scaled(after, width), kernel, stride)


def layout(config: Config) -> weights.Layout:
    """The public names; what comes before ``start`` holds no parameter of this network."""
    before = [PORT.published(f"stages.{name}") for name in END_POINTS[: _begin(config)]]
    return replace(PORT, ignored=rf"^({'|'.join(before)})\.") if before else PORT


def build(config: Config, sources: Sources) -> InceptionI3d:
    """The network for the classes of ``sources``, from the weights of ``sources`` if it names some."""
    space = sources.need("classes", "inception_i3d")
    model = InceptionI3d(config, space.sizes(config.classify or space.heads))
    if config.weights is not None:
        path = sources.need("weights", "inception_i3d with weights")
        weights.start_from(model, path, [layout(config)])
    return model
