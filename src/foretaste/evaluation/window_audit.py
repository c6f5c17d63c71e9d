"""How far before an action the last frame lies that was shown of a sample, and which clock would explain it.

Public loaders break the observation boundary in two ways that no metric shows. Clips are cut a second before
the action's *end*; and frame numbers that an annotation file counts on one clock (60 a second in
EPIC-KITCHENS) are used as indices of a video that runs at another (59.94, or 50), so that the frames drift
into the action the later it begins. Both leave a trace: measured from the right end of the action, on the
right clock, the distance is the same in every sample.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

#: Equal times may differ by a rounding.
ROUNDING_S = 1e-6
#: Clocks that annotation files and loaders count frames on, frames a second.
CLOCKS_FPS = (60.0, 60000 / 1001, 50.0, 48.0, 30.0, 30000 / 1001, 25.0, 24.0)
#: A clock explains windows where the middle 90 per cent of the distances differ by at most so much.
EVEN_S = 0.2
#: Fewer samples are alike on several clocks.
FEWEST = 10
#: Of two explanations the plainer one is believed unless the other's distances differ by so much less.
PLAINER_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Windows:
    """What a loader showed of N samples; each array is (N,) float64, in seconds.

    last_s
        The time of the last frame that was shown.
    rate_fps
        Frames a second of each sample's video; None where nobody says.
    """

    sample_ids: tuple[str, ...]
    last_s: np.ndarray
    start_s: np.ndarray
    stop_s: np.ndarray
    rate_fps: np.ndarray | None

    @property
    def before_s(self) -> np.ndarray:
        """How long before the start of the action the last frame lies; negative within it."""
        return self.start_s - self.last_s


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Windows that would end ``before_s`` before the ``anchor`` of every action (nine of ten within
    ``spread_s``), if their frames were numbered on a clock of ``clock_fps`` (None: the videos' own).
    """

    anchor: Literal["start", "stop"]
    clock_fps: float | None
    before_s: float
    spread_s: float
    samples: int

    @property
    def explains(self) -> bool:
        """Whether there are enough samples, and they are enough alike."""
        return self.samples >= FEWEST and self.spread_s <= EVEN_S


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How many of the distances lie in each bin of ``width_s``, from ``first_s`` on."""

    first_s: float
    width_s: float
    counts: tuple[int, ...]

    def bins(self) -> Iterator[tuple[float, int]]:
        """Where each begins, and what is in it."""
        for number, count in enumerate(self.counts):
            yield round(self.first_s + number * self.width_s, 9), count


def late(windows: Windows, tau_a: float, tolerance_s: float = 0.0) -> np.ndarray:
    """(N,) bool: a frame was shown from less than ``tau_a`` before the action."""
    return windows.before_s < tau_a - tolerance_s - ROUNDING_S


def sees_action(windows: Windows) -> np.ndarray:
    """(N,) bool: a frame was shown from after the action's start."""
    return windows.before_s < -ROUNDING_S


def histogram(before_s: np.ndarray, about: int = 16) -> Histogram:
    """Bins of a round width (1, 2 or 5 times a power of ten), at most ``about`` of them for the middle 98 per
    cent; what lies outside is in the first and the last.
    """
    low, high = np.percentile(before_s, [1, 99])
    width = next(width for width in _round_widths() if (high - low) / width <= about - 2)
    first = np.floor(low / width)
    number = np.floor(before_s / width + ROUNDING_S) - first
    last = np.floor(high / width + ROUNDING_S) - first
    counts = np.bincount(np.clip(number, 0, last).astype(np.int64), minlength=int(last) + 1)
    return Histogram(first_s=float(first * width), width_s=width, counts=tuple(counts.tolist()))


def in_short(before_s: np.ndarray) -> dict[str, Any]:
    """Distances of many samples as a few numbers, for JSON; a sample of which nothing was shown has none."""
    shown = before_s[np.isfinite(before_s)]
    if not len(shown):
        return {"samples": 0}
    least, middle, most = np.percentile(shown, [0, 50, 100]).tolist()
    bars = histogram(shown)
    return {
        "samples": len(shown),
        "least_s": least,
        "median_s": middle,
        "most_s": most,
        "histogram": {"first_s": bars.first_s, "width_s": bars.width_s, "counts": list(bars.counts)},
    }


def explained(windows: Windows) -> Explanation:
    """The clock and the end of the action from which the windows are the most alike."""
    found = list(_explanations(windows))
    least = min(one.spread_s for one in found)
    return next(one for one in found if one.spread_s <= least + PLAINER_S)


def _explanations(windows: Windows) -> Iterator[Explanation]:
    """The plainest first."""
    clocks: Sequence[float | None] = (None,) if windows.rate_fps is None else (None, *CLOCKS_FPS)
    for clock in clocks:
        meant_s = windows.last_s if clock is None else windows.last_s * windows.rate_fps / clock
        for anchor, at_s in (("start", windows.start_s), ("stop", windows.stop_s)):
            low, middle, high = np.percentile(at_s - meant_s, [5, 50, 95])
            yield Explanation(
                anchor=anchor,
                clock_fps=clock,
                before_s=float(middle),
                spread_s=float(high - low),
                samples=len(at_s),
            )


def _round_widths() -> Iterator[float]:
    for power in itertools.count(-3):
        for factor in (1, 2, 5):
            yield factor * 10.0**power
