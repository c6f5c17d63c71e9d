"""Times to frames: which frames a sample is shown. Pure arithmetic, and never a frame of the future.

Times are seconds on the video's own clock, on which the first shown frame stands at 0. Windows lie on a grid,
k / fps for k = 0, 1, 2 ...: one ends at the last grid time that is not after its stop and goes back from
there in whole strides. At a grid time the frame is shown whose time stamp is the last one not after it.
Snapping makes the last frame up to 1 / fps earlier than asked, never later.

On a grid of 30 a second these are the frames of AVT's sampling of RULSTM's frames (Girdhar & Grauman 2021,
facebookresearch/AVT), which count at 30 a second from 1 whatever the video.
"""

from __future__ import annotations

import math

import numpy as np

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.grid import divides

#: RULSTM's and AVT's frames count at this rate for every video.
PUBLISHED_CLOCK_FPS = 30

#: Indices of a grid stay below this: they are kept as int32.
MOST = 2**31


def grid_index(time_s: float, fps: float) -> int:
    """The largest k with k / fps <= ``time_s``, exactly as floats compare; negative before the start of the
    video. Raises ConfigError for a grid so fine that its indices are no int32.
    """
    if not abs(time_s * fps) < MOST:  # nor is NaN
        raise ConfigError(
            f"a grid of {fps:g} times a second at {time_s:g} s",
            "view: ticks or rate, backbone: grid.fps",
            "a grid whose times can be counted",
            "choose a coarser one (AVT's counts at 30)",
        )
    k = math.floor(time_s * fps)
    while k / fps > time_s:
        k -= 1
    while (k + 1) / fps <= time_s:
        k += 1
    return k


def grid_span(start_s: float, stop_s: float, fps: float) -> range:
    """All grid indices that a window may show: from the one shown at its start (or the video's) to the last
    by its stop.
    """
    return range(grid_index(max(start_s, 0.0), fps), grid_index(stop_s, fps) + 1)


def stride_of(rate: float, grid_fps: float) -> int:
    """Grid steps between two frames of a window; ConfigError unless the grid holds the rate."""
    if not divides(rate, grid_fps):
        raise ConfigError(
            f"a rate of {rate:g} frames a second on a grid of {grid_fps:g}",
            "view: rate",
            "a whole number of grid steps between frames",
            "choose a rate that divides the grid's fps",
        )
    return round(grid_fps / rate)


def window_indices(start_s: float, stop_s: float, *, frames: int, rate: float, grid_fps: float) -> np.ndarray:
    """Grid indices (T,) int64 of the ``frames`` that a window shows, oldest first, ``1 / rate`` seconds
    apart.

    The last is the last grid time not after ``stop_s``. Where the window (or the video) starts too late for
    ``frames`` strides, the first frame that it does hold is repeated in front, as AVT and RULSTM do. Raises
    DataError if not one grid frame lies in the window.
    """
    span = grid_span(start_s, stop_s, grid_fps)
    if not span:
        raise DataError(
            f"window from {start_s:g} s to {stop_s:g} s",
            "samples",
            "a window that holds a frame",
            "drop the sample",
        )
    chosen = span[::-1][:: stride_of(rate, grid_fps)][:frames][::-1]
    return np.array([chosen[0]] * (frames - len(chosen)) + list(chosen), dtype=np.int64)


def last_moment(stops_s: np.ndarray, window: str) -> np.ndarray:
    """The last moment (n,) of windows that stop at (n,): an ``observed`` one holds its stop, the action
    itself (``target``) ends before it.
    """
    return stops_s if window == "observed" else np.nextafter(stops_s, -np.inf)


def shown_at(pts_s: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """For each time the index of the frame shown then: the last with ``pts_s`` <= time; -1 before the first
    frame.

    ``pts_s`` (n,) float64 ascending, ``times_s`` (T,) float64; returns (T,) int64.
    """
    return np.searchsorted(pts_s, times_s, side="right") - 1
