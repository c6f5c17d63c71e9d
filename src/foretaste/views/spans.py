"""Windows as frames of their videos, of which a sampler shows some: how video recognition picks frames, by
number and not by time.

Frames are counted in the RGB video, whatever is shown: videos of another modality show what they have at the
times of its frames. So views of several modalities show the same moments, as in Radevski et al. 2023, where
all modalities have as many frames and share their indices. Where a sample has no RGB video, the frames of its
own are counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import PositiveFloat, PositiveInt, model_validator

from foretaste.contracts.grid import divides
from foretaste.contracts.view import AnyLook, FixedView, Look
from foretaste.settings.options import Options
from foretaste.video.frame_table import FrameTable
from foretaste.video.samplers import Kind, Sampler, sampled
from foretaste.video.windows import PUBLISHED_CLOCK_FPS, shown_at

#: ``observed``: what may be seen of the past. ``target``: the action itself, which only a teacher may see.
Window = Literal["observed", "target"]

#: The columns of the samples table that a window goes from and to.
SPANS = {
    "observed": ("window_start_s", "window_stop_s"),
    "target": ("target_start_s", "target_stop_s"),
}

#: Time stamps of two videos that are this near are the same: Matroska and WebM round them to milliseconds.
_SAME_S = 1e-3

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


class Sampling(Options):
    """The settings that say which frames those are; of views of them the first ones."""

    frames: PositiveInt = 10
    """T."""
    rate: PositiveFloat = 1.0
    """Frames a second; it divides `ticks`."""
    ticks: PositiveFloat = float(PUBLISHED_CLOCK_FPS)
    """Windows end at a multiple of 1 / ticks seconds (AVT's clock counts at 30)."""
    sampler: SampledBy | None = None
    """Set: which of the window's frames are shown, in place of `rate` and `ticks`."""
    window: Window = "observed"
    """Which window is shown: what may be seen of the past, or `target`, the action itself (teachers only)."""

    def check(self, given: Collection[str], past: bool = False) -> None:
        """Raise ValueError for settings of those ``given`` (``past``: the labels of the past are asked for)
        that have no meaning beside a sampler, and for a rate that does not divide ``ticks``.
        """
        idle = [name for name in ("rate", "ticks") if name in given]
        if self.sampler is not None and (idle or past):
            raise ValueError(f"{(*idle, 'past')[0]} has no meaning beside a sampler: leave one of them out")
        if self.sampler is None and not divides(self.rate, self.ticks):
            raise ValueError(f"ticks / rate is {self.ticks / self.rate:g}, no whole number")


@dataclass(frozen=True, kw_only=True)
class Spans:
    """n windows.

    first, last
        (n,) int64: the frames that each begins and ends with, counted in the RGB video.
    own
        Of each window (m,) int64: which frame of its own video is shown at each frame of the whole RGB video;
        None where those are the same frames.
    ends
        (n,) int64: the last frame of its own video that each window holds.
    """

    by: SampledBy
    count: int
    first: np.ndarray
    last: np.ndarray
    own: Sequence[np.ndarray | None] | None = None
    ends: np.ndarray | None = None

    def frames(self, row: int, look: AnyLook) -> np.ndarray:
        """(T,) int64: the frames of its own video that are shown under ``look``."""
        length = int(self.last[row] - self.first[row] + 1)
        fixed = look if isinstance(look, FixedView) else FixedView()
        sampler = Sampler(kind=self.by.kind, frames=self.count, stride=self.by.stride, clips=fixed.clips)
        random = None
        if isinstance(look, Look):
            random = np.random.default_rng((look.seed, look.epoch, SAMPLED, row))
        return self._own(row, self.first[row] + sampled(sampler, length, random)[fixed.clip])

    def whole(self, row: int) -> np.ndarray:
        """All frames of its own video that a window may show under some look, in order; some several
        times.
        """
        return self._own(row, np.arange(self.first[row], self.last[row] + 1))

    def short(self) -> np.ndarray:
        """(n,) bool: the windows of which the sampler would show fewer frames than it should."""
        return (self.by.kind == "layout") & (self.last - self.first + 1 < self.count)

    def _own(self, row: int, counted: np.ndarray) -> np.ndarray:
        if self.own is None or self.own[row] is None:
            return counted
        # What is as good as at one time with the last frame may yet lie behind the window's stop.
        return np.minimum(self.own[row][counted], self.ends[row])


def spans_of(
    sampling: Sampling,
    of: Sequence[str],
    edges_s: Sequence[tuple[float, float]],
    videos: Mapping[str, FrameTable],
    counted: Mapping[str, FrameTable],
) -> Spans:
    """The windows of the videos ``of``, from and to ``edges_s``, among the frames of ``videos``, or of those
    that are ``counted`` in their place.
    """
    frames = [counted.get(video_id, videos[video_id]).pts_s for video_id in of]
    first, last = _edges(frames, edges_s)
    _, ends = _edges([videos[video_id].pts_s for video_id in of], edges_s)
    both = sorted(counted.keys() & set(of))
    own = {video_id: _beside(videos[video_id].pts_s, counted[video_id].pts_s) for video_id in both}
    return Spans(
        by=sampling.sampler,
        count=sampling.frames,
        first=first,
        last=last,
        own=[own.get(video_id) for video_id in of],
        ends=ends,
    )


def _edges(pts_s: Sequence[np.ndarray], edges_s: Sequence[tuple[float, float]]) -> np.ndarray:
    """(2, n) int64: the first and the last frame of each window, of frames that begin at ``pts_s``."""
    found = [shown_at(own, np.array(edge_s)) for own, edge_s in zip(pts_s, edges_s)]
    return np.array(found, dtype=np.int64).reshape(-1, 2).clip(0).T


def _beside(own_s: np.ndarray, counted_s: np.ndarray) -> np.ndarray | None:
    """(m,) int64: which frame of a video, whose frames begin at ``own_s`` (n,), is shown at each frame of
    another of the same thing, ``counted_s`` (m,), both ascending from 0; None where they begin at the same
    times.
    """
    if np.array_equal(own_s, counted_s):
        return None
    return shown_at(own_s, counted_s + _SAME_S)
