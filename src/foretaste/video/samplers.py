"""Which frames of a clip of so many are shown, as video recognition samples them: by number, not by time.

A sampler is a name and its numbers. Without a generator it is the one of a test, which is the same every
time; with one it draws, as in training. Frames count from 0, and all are frames of the clip. Two of them,
``uniform`` and ``strided``, are those of Radevski et al. 2023 (ICCV, multimodal distillation); the other
two, ``layout`` and ``appearance``, are those of Radevski et al. 2021 (BMVC, spatial-temporal layouts), which
had them from Materzynska et al. 2020 (Something-Else).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from foretaste.contracts.errors import ConfigError, DataError

Kind = Literal["uniform", "strided", "layout", "appearance"]


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """Its settings.

    kind
        ``uniform``: one frame of each of equal parts of the clip: its middle, or drawn from it, ends
        included.
        ``strided``: frames a fixed stride apart from the middle of the clip, or from a start that is drawn;
        where the clip ends first, its last one that was reached is repeated.
        ``layout``: as ``uniform``, with other parts and other middles; a test shows all frames of a clip of
        fewer, and none twice.
        ``appearance``: every second frame from the middle, or from a start that is drawn; of a clip that is
        not longer than that, frames spread over all but its last one.
    frames
        n.
    stride
        Of ``strided`` alone: frames from one shown frame to the next.
    clips
        Of ``strided`` alone, in a test: clips that start evenly over the video, for a mean of their scores.
    """

    kind: Kind
    frames: int
    stride: int = 1
    clips: int = 1

    def __post_init__(self) -> None:
        if self.kind not in _DRAWN:
            raise _bad(f"kind {self.kind!r}", f"one of {', '.join(_DRAWN)}")
        if min(self.frames, self.stride, self.clips) < 1:
            raise _bad("fewer than one frame, stride or clip", "1 or more of each")
        if self.kind != "strided" and (self.stride, self.clips) != (1, 1):
            raise _bad(f"stride or clips of {self.kind}", "them with strided alone")


def sampled(sampler: Sampler, length: int, generator: np.random.Generator | None = None) -> np.ndarray:
    """(clips, n) int64: the frames of a clip of ``length`` frames that are shown, in order.

    A test by ``layout`` shows min(n, length) frames in place of n. Raises DataError for a clip without
    frames, ConfigError for several clips that are drawn.
    """
    if length < 1:
        raise DataError("a clip without frames", "samplers", "one frame or more", "drop the clip")
    if generator is None:
        shown = _STEADY[sampler.kind](sampler, length)
    elif sampler.clips == 1:
        shown = _DRAWN[sampler.kind](sampler, length, generator)
    else:
        raise _bad(f"{sampler.clips} clips in training", "several clips in a test alone")
    return shown.astype(np.int64).reshape(sampler.clips, -1)


def _bad(what: str, expected: str) -> ConfigError:
    return ConfigError(what, "sampler", expected, "correct its settings")


def _parts(sampler: Sampler, length: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last frame of each part of ``uniform``; neighbours share one. Halves go to even numbers."""
    edges = np.round((length - 1) / sampler.frames * np.arange(sampler.frames + 1)).astype(np.int64)
    return edges[:-1], edges[1:]


def _uniform(sampler: Sampler, length: int) -> np.ndarray:
    first, last = _parts(sampler, length)
    return (first + last) // 2


def _uniform_drawn(sampler: Sampler, length: int, generator: np.random.Generator) -> np.ndarray:
    first, last = _parts(sampler, length)
    return generator.integers(first, last, endpoint=True)


def _starts(sampler: Sampler, length: int) -> int:
    """How many frames a strided clip can start at and still end in time; 1 where it never does."""
    return max(length - sampler.frames * sampler.stride + 1, 1)


def _from(sampler: Sampler, length: int, start: int) -> np.ndarray:
    shown = start + sampler.stride * np.arange(sampler.frames)
    return np.minimum(shown, shown[shown < length].max())


def _strided(sampler: Sampler, length: int) -> np.ndarray:
    starts = (np.arange(sampler.clips) + 0.5) * _starts(sampler, length) / sampler.clips
    return np.concatenate([_from(sampler, length, int(start)) for start in starts])


def _strided_drawn(sampler: Sampler, length: int, generator: np.random.Generator) -> np.ndarray:
    return _from(sampler, length, int(generator.integers(_starts(sampler, length))))


def _layout(sampler: Sampler, length: int) -> np.ndarray:
    if length <= sampler.frames:
        return np.arange(length)
    tick = length / sampler.frames
    return np.floor(tick / 2 + tick * np.arange(sampler.frames))


def _layout_drawn(sampler: Sampler, length: int, generator: np.random.Generator) -> np.ndarray:
    tick = length / sampler.frames
    within = generator.uniform(0, tick, size=sampler.frames)
    # Of the last part, rounding could reach the clip's end.
    return np.minimum(np.floor(tick * np.arange(sampler.frames) + within), length - 1)


def _spread(sampler: Sampler, length: int) -> np.ndarray:
    return np.maximum(np.round(np.linspace(0, length - 2, sampler.frames)), 0)


def _appearance(sampler: Sampler, length: int) -> np.ndarray:
    span = 2 * sampler.frames
    if length > span:
        return (length - span) // 2 + np.arange(0, span, 2)
    return _spread(sampler, length)


def _appearance_drawn(sampler: Sampler, length: int, generator: np.random.Generator) -> np.ndarray:
    span = 2 * sampler.frames
    if length > span:
        return generator.integers(length - span) + np.arange(0, span, 2)
    if length - 2 < sampler.frames:
        return _spread(sampler, length)
    return np.sort(generator.choice(length - 2, sampler.frames, replace=False))


_STEADY: dict[str, Callable[[Sampler, int], np.ndarray]] = {
    "uniform": _uniform,
    "strided": _strided,
    "layout": _layout,
    "appearance": _appearance,
}
_DRAWN: dict[str, Callable[[Sampler, int, np.random.Generator], np.ndarray]] = {
    "uniform": _uniform_drawn,
    "strided": _strided_drawn,
    "layout": _layout_drawn,
    "appearance": _appearance_drawn,
}
