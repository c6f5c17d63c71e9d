"""Places on an axis. The template beside this module draws on it: labels, and a track with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretaste.report.figures import ticks


@dataclass(frozen=True)
class Axis:
    """Round tick values, and the place of a value between the first and the last of them, in per cent of the
    width.
    """

    values: tuple[float, ...]

    @classmethod
    def around(cls, values: Sequence[float], about: int = 4) -> Axis:
        """The axis that holds all of ``values``."""
        return cls(tuple(ticks(min(values), max(values), about)) if values else (0.0, 1.0))

    def at(self, value: float) -> float:
        """Per cent from the left."""
        return round(100 * (value - self.values[0]) / (self.values[-1] - self.values[0]), 3)
