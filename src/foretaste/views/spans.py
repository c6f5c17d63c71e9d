"""Windows as frames of their videos, of which a sampler shows some: how video recognition picks frames, by
number and not by time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import PositiveInt, model_validator

from foretaste.contracts.view import AnyLook, FixedView, Look
from foretaste.settings.options import Options
from foretaste.video.samplers import Kind, Sampler, sampled

#: The stream of random numbers that frames are drawn by.
SAMPLED = 64


class SampledBy(Options):
    """Which of a window's frames are shown (video/samplers.py): in training they are drawn, alike for all
    views with the same settings; when a sample is scored they are always the same.
    """

    kind: Kind
    """`uniform`: one of each of equal parts (Radevski et al. 2023). `strided`: a fixed stride apart.
    `appearance`, `layout`: those of Something-Else; of a clip of fewer frames `layout` has none to repeat.
    """
    stride: PositiveInt = 1
    """Of `strided`: frames from one to the next."""

    @model_validator(mode="after")
    def _stride_is_of_strided(self) -> SampledBy:
        if self.stride != 1 and self.kind != "strided":
            raise ValueError(f"stride goes with kind: strided, not {self.kind}")
        return self


@dataclass(frozen=True, kw_only=True)
class Spans:
    """n windows. ``first``, ``last`` (n,) int64: the frames of its video that each begins and ends with."""

    by: SampledBy
    count: int
    first: np.ndarray
    last: np.ndarray

    def frames(self, row: int, look: AnyLook) -> np.ndarray:
        """(T,) int64: the frames of the video that are shown under ``look``."""
        length = int(self.last[row] - self.first[row] + 1)
        fixed = look if isinstance(look, FixedView) else FixedView()
        sampler = Sampler(kind=self.by.kind, frames=self.count, stride=self.by.stride, clips=fixed.clips)
        random = None
        if isinstance(look, Look):
            random = np.random.default_rng((look.seed, look.epoch, SAMPLED, row))
        return self.first[row] + sampled(sampler, length, random)[fixed.clip]

    def short(self) -> np.ndarray:
        """(n,) bool: the windows of which the sampler would show fewer frames than it should."""
        return (self.by.kind == "layout") & (self.last - self.first + 1 < self.count)
