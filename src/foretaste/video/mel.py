"""Sound as a picture: how loud it is at each pitch, over time, in decibels (log-mel spectrogram).

As torchaudio's ``MelSpectrogram`` with its defaults, which Radevski et al. 2023 use: Hann window, power, the
pitches of O'Shaughnessy 1987 (HTK's formula), triangles of height 1.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from pydantic import PositiveInt, model_validator
from torch import Tensor
from torch.nn import functional as F

from foretaste.settings.options import Options

#: A power of 0 is -100 dB.
_LEAST = 1e-10

#: Decibels that are the bytes 0 and 255: with them Radevski et al.'s mean and standard deviation, -28.1 and
#: 16.6 dB, lie well inside, and a byte is 0.55 dB.
LOWEST_DB, HIGHEST_DB = -100.0, 40.0


class Mel(Options):
    """A spectrogram's settings; the defaults are those of Radevski et al. 2023 at 24,000 samples a second."""

    points: PositiveInt = 1024
    """Of each Fourier transform."""
    window: PositiveInt = 160
    """Samples that it sees."""
    hop: PositiveInt = 80
    """Samples from one to the next."""
    pitches: PositiveInt = 128
    """Bands of pitch."""

    @model_validator(mode="after")
    def _window_fits(self) -> Mel:
        if self.window > self.points:
            raise ValueError("window has at most as many samples as points")
        return self


def picture(samples: Tensor, mel: Mel, rate: int, size: int) -> Tensor:
    """(B, n) float32 samples -> (B, S, S) uint8: low pitches at the top, time to the right. Powers are
    resized before they are put into decibels, as published.
    """
    window = torch.hann_window(mel.window)
    spectrum = torch.stft(samples, mel.points, mel.hop, mel.window, window, return_complex=True)
    power = bands(mel, rate) @ spectrum.abs().square()
    square = F.interpolate(power[:, None], (size, size), mode="bilinear", antialias=True)[:, 0]
    decibels = 10 * square.clamp(min=_LEAST).log10()
    return decibels.sub(LOWEST_DB).mul(255 / (HIGHEST_DB - LOWEST_DB)).round().clamp(0, 255).to(torch.uint8)


@lru_cache(maxsize=4)
def bands(mel: Mel, rate: int) -> Tensor:
    """(pitches, points / 2 + 1) float32: how much of each frequency each band takes."""
    edges = torch.linspace(_pitch(0.0), _pitch(rate / 2), mel.pitches + 2, dtype=torch.float64)
    edges_hz = 700 * (10 ** (edges / 2595) - 1)
    hz = torch.linspace(0, rate / 2, mel.points // 2 + 1, dtype=torch.float64)
    low, middle, high = (edges_hz[shift : shift + mel.pitches, None] for shift in (0, 1, 2))
    rising, falling = (hz - low) / (middle - low), (high - hz) / (high - middle)
    return torch.minimum(rising, falling).clamp(min=0).float()


def _pitch(hz: float) -> float:
    return 2595 * math.log10(1 + hz / 700)
