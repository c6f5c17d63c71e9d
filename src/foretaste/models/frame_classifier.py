"""A small residual network that recognises the action of a single frame; its last vector is the feature that
students read.

This mirrors the published students, whose backbones were trained on recognition first. It is sized to be
trained within CPU minutes: after the stem each stage halves the picture, doubles the channels and holds
``blocks`` residual blocks. There are no normalisation layers: weights are standardised instead (Brock et al.
2021, arXiv:2101.08692), so that a frame's vector depends neither on the other frames of a batch (batch norm)
nor on its own brightness and contrast alone (group norm, which learnt visibly slower on the generated
kitchen). Vectors are pooled over the places of the picture, so any picture size will do.
"""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.view import Sources
from foretaste.models.pixels import Normalise, Pixels
from foretaste.settings.options import Options

#: Keeps the variance of a relu of unit normal values at 1 (Brock et al. 2021, section 2): sqrt(2 / (1 - 1 /
#: pi)).
RELU_GAIN = 1.7139588594436646

#: What it gives, as terms call it.
GIVES = ("<heads>", "embedding")


class Config(Options):
    channels: PositiveInt = 16
    """Channels of the first stage."""
    stages: PositiveInt = 4
    """Stages after the stem."""
    blocks: PositiveInt = 1
    """Residual blocks of a stage."""
    width: PositiveInt = 128
    """D of the feature vector."""
    dropout: float = Field(0.2, ge=0, lt=1)
    """On the feature vector, before the classifiers."""
    classify: tuple[str, ...] = ()
    """Heads; none: all of the dataset's."""
    pixels: Pixels = Pixels()
    """How it reads the bytes of a picture."""


class StandardConv(nn.Module):
    """A 3 x 3 convolution whose weights have mean 0 and variance 1 / fan-in for every output channel, times a
    learnt gain.
    """

    def __init__(self, before: int, after: int, stride: int = 1):
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.randn(after, before, 3, 3) / (9 * before) ** 0.5)
        self.gain = nn.Parameter(torch.ones(after, 1, 1, 1))
        self.bias = nn.Parameter(torch.zeros(after))

    def forward(self, x: Tensor) -> Tensor:
        spread, mean = torch.var_mean(self.weight, dim=(1, 2, 3), correction=0, keepdim=True)
        scale = torch.rsqrt(spread * self.weight[0].numel() + 1e-4) * self.gain * RELU_GAIN
        return F.conv2d(x, (self.weight - mean) * scale, self.bias, stride=self.stride, padding=1)


class Residual(nn.Module):
    """x + strength * conv(relu(conv(relu(x)))); the strength starts at 0, so that a block starts as the
    identity.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = StandardConv(channels, channels)
        self.conv2 = StandardConv(channels, channels)
        self.strength = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.strength * self.conv2(F.relu(self.conv1(F.relu(x))))


class FrameClassifier(nn.Module):
    """Stem, stages, mean and maximum over places, a linear map to D, and one linear classifier a head."""

    def __init__(self, config: Config, classes: dict[str, int]):
        super().__init__()
        self.width = config.width
        channels = [config.channels << stage for stage in range(config.stages)]
        self.pixels = Normalise(config.pixels)
        self.stem = nn.Conv2d(self.pixels.channels, channels[0], 5, stride=2, padding=2)
        layers: list[nn.Module] = []
        for before, after in zip([channels[0], *channels[:-1]], channels):
            layers.append(StandardConv(before, after, stride=2))
            layers += [Residual(after) for _ in range(config.blocks)]
        self.stages = nn.Sequential(*layers)
        self.project = nn.Linear(2 * channels[-1], config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict(
            {head: nn.Linear(config.width, count) for head, count in classes.items()}
        )

    def embed(self, frames: Tensor) -> Tensor:
        """Frames (B, 3, H, W) uint8 -> vectors (B, D), not negative."""
        # Convolutions in bf16 are slower than in fp32 without.
        x = self.pixels(frames).contiguous(memory_format=torch.channels_last)
        x = F.relu(self.stages(F.relu(self.stem(x))))
        # The mean says what there is; the maximum that it is there at all, however small.
        return F.relu(self.project(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)))

    def forward(self, batch: Batch) -> Outputs:
        """``frames`` (B, 3, H, W) uint8 -> ``logits`` of every head and ``embedding`` (B, D)."""
        embedding = self.embed(batch.inputs["frames"])
        kept = self.dropout(embedding)
        return Outputs(
            logits={head: classifier(kept) for head, classifier in self.classifiers.items()},
            embedding=embedding,
        )


def build(config: Config, sources: Sources) -> FrameClassifier:
    """A recogniser for the classes of ``sources``."""
    space = sources.need("classes", "frame_classifier")
    return FrameClassifier(config, space.sizes(config.classify or space.heads))
