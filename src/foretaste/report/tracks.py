"""A number of an arm with its interval and its seeds, placed on an axis; ``axis.html.jinja`` draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from foretaste.evaluation.compare import Interval
from foretaste.report import verdict
from foretaste.report.axis import Axis
from foretaste.report.written import number


@dataclass(frozen=True)
class Track:
    """``limits`` of the interval in words; ``low``, ``high``, ``at`` (the mean) and ``dots`` (one a seed) in
    per cent of the width. None where there is no such thing.
    """

    limits: str | None
    low: float | None
    high: float | None
    at: float | None
    dots: Sequence[float]


def tracks(
    intervals: Mapping[str, Interval | None], spreads: Mapping[str, Mapping[str, Any] | None]
) -> tuple[Axis, dict[str, Track]]:
    """The axis that holds them all, and each on it, by name; ``spreads`` as in ``summary.json``."""
    held: list[float] = []
    for name, spread in spreads.items():
        interval = intervals[name]
        if interval is not None and interval.low is not None:
            held += [interval.low, interval.high]
        if spread is not None:
            held += [spread["mean"], *spread["values"]]
    axis = Axis.around(held)
    return axis, {name: _track(axis, intervals[name], spread) for name, spread in spreads.items()}


def _track(axis: Axis, interval: Interval | None, spread: Mapping[str, Any] | None) -> Track:
    given = None if interval is None else asdict(interval)
    drawn = given is not None and verdict.has_interval(given)
    return Track(
        limits=None if given is None else verdict.limits(given, number),
        low=axis.at(given["low"]) if drawn else None,
        high=axis.at(given["high"]) if drawn else None,
        at=axis.at(spread["mean"]) if spread else None,
        dots=[axis.at(value) for value in spread["values"]] if spread else [],
    )
