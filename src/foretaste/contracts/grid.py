"""A grid of times, k / fps for k = 0, 1, 2 ..., and the rates that it holds."""

from __future__ import annotations

import math


def divides(rate: float, grid_fps: float) -> bool:
    """Whether the grid holds the rate: a whole number of its steps between two frames."""
    if not math.isfinite(grid_fps / rate):
        return False
    stride = round(grid_fps / rate)
    return stride >= 1 and math.isclose(stride * rate, grid_fps, rel_tol=1e-9)
