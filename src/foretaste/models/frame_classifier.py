"""A small residual network that recognises the action of a single frame; its last vector is the feature that students read.

This mirrors the published students, whose backbones were trained on recognition first. Sized to be trained within CPU
minutes: after the stem each stage halves the picture, doubles the channels and holds ``blocks`` residual blocks (He et al.
2016, with the norm before the convolution as in their 2016b, arXiv:1603.05027). Group norm, not batch norm: no state that
depends on how a batch is cut. Vectors are averaged over the places of the picture, so any picture size will do.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.view import Sources
from foretaste.pipeline.options import Options

#: Channels of one group of the group norms.
GROUP = 8


class Config(Options):
    channels: PositiveInt = Field(16, multiple_of=GROUP)
    """Channels of the first stage."""
    stages: PositiveInt = 4
    """Stages after the stem."""
    blocks: PositiveInt = 1
    """Residual blocks of a stage."""
    width: PositiveInt = 128
    """D of the feature vector."""
    dropout: float = Field(0.2, ge=0, lt=1)
    """On the feature vector, before the classifiers."""
    classify: tuple[Literal["action", "verb", "noun"], ...] = ("action", "verb", "noun")
    """Heads."""


class Residual(nn.Module):
    """x + conv(relu(norm(conv(relu(norm(x))))))."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm1 = nn.GroupNorm(channels // GROUP, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(channels // GROUP, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        nn.init.zeros_(self.conv2.weight)  # each block starts as the identity (Goyal et al. 2017, section 5.1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.conv1(F.relu(self.norm1(x)))
        return x + self.conv2(F.relu(self.norm2(x1)))


class FrameClassifier(nn.Module):
    """Stem, stages, mean over places, a linear map to D, and one linear classifier a head."""

    def __init__(self, config: Config, classes: dict[str, int]):
        super().__init__()
        self.width = config.width
        channels = [config.channels << stage for stage in range(config.stages)]
        self.stem = nn.Conv2d(3, channels[0], 5, stride=2, padding=2)
        layers: list[nn.Module] = []
        for before, after in zip([channels[0], *channels[:-1]], channels):
            layers.append(nn.Conv2d(before, after, 3, stride=2, padding=1))
            layers += [Residual(after) for _ in range(config.blocks)]
        self.stages = nn.Sequential(*layers)
        self.norm = nn.GroupNorm(channels[-1] // GROUP, channels[-1])
        self.project = nn.Linear(2 * channels[-1], config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict({head: nn.Linear(config.width, count) for head, count in classes.items()})

    def embed(self, frames: Tensor) -> Tensor:
        """Frames (B, 3, H, W) -> vectors (B, D)."""
        x = self.stages(F.relu(self.stem(frames.contiguous(memory_format=torch.channels_last))))
        x = F.relu(self.norm(x))
        # The mean says what there is, the maximum that it is there at all, however small.
        return F.relu(self.project(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)))

    def forward(self, batch: Batch) -> Outputs:
        """``frames`` (B, 3, H, W) -> ``logits`` of every head and ``embedding`` (B, D)."""
        embedding = self.embed(batch.inputs["frames"])
        kept = self.dropout(embedding)
        return Outputs(logits={head: classifier(kept) for head, classifier in self.classifiers.items()}, embedding=embedding)


def build(config: Config, sources: Sources) -> FrameClassifier:
    """A recogniser for the classes of ``sources``."""
    space = sources.need("classes", "frame_classifier")
    return FrameClassifier(config, {head: len(space.names(head)) for head in config.classify})
