"""What a network that sees pictures does first: bytes become numbers about 0."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import model_validator
from torch import Tensor, nn

from foretaste.contracts.errors import ConfigError
from foretaste.settings.options import Options


class Pixels(Options):
    """How a network reads pixels; one entry a channel. Flow has two channels, u and v."""

    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    """Subtracted from the channels, as a share of 255."""
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    """What the difference is divided by, as a share of 255; with 0.5 and 0.5 pictures go from -1 to 1 (ViT,
    AVT-b).
    """
    order: Literal["rgb", "bgr"] = "rgb"
    """Order of the channels that `mean` and `std` are given in, and that the first layer is trained on."""

    @model_validator(mode="after")
    def _one_a_channel(self) -> Pixels:
        if len(self.mean) != len(self.std) or not self.mean or min(self.std) <= 0:
            raise ValueError("mean and std have one entry a channel, and those of std are above 0")
        return self


#: As most published networks of RGB were trained.
IMAGENET = Pixels(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


class Normalise(nn.Module):
    """(pixels / 255 - mean) / std. Both stand in the checkpoint, as buffers: a network is scored as it was
    trained. ``said`` are the settings, for files of weights.
    """

    def __init__(self, pixels: Pixels):
        super().__init__()
        self.channels, self.reversed = len(pixels.mean), pixels.order == "bgr"
        self.said = pixels.model_dump(mode="json")
        self.register_buffer("mean", torch.tensor(pixels.mean))
        self.register_buffer("std", torch.tensor(pixels.std))

    def forward(self, frames: Tensor) -> Tensor:
        """Pixels (..., channels, H, W) from 0 to 255, R, G, B or u, v, of any dtype -> the same in the
        dtype of the network. Raises ConfigError for another number of channels.
        """
        if frames.shape[-3] != self.channels:
            raise ConfigError(
                f"pictures of {frames.shape[-3]} channels",
                "view and network of the preset",
                f"the {self.channels} channels that the network has a mean for",
                "set pixels of the network (flow: mean: [0.5, 0.5], std: [0.5, 0.5]), or another modality",
            )
        if self.reversed:
            frames = frames.flip(-3)
        # In this order the usual x / 127.5 - 1 has no rounding of its own: 255 * 0.5 and 0.5 / 0.5 are exact.
        mean, std = self.mean[:, None, None], self.std[:, None, None]
        return torch.div(frames, 255 * std).to(mean.dtype).sub_(mean / std)
