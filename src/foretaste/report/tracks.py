"""What ``axis.html.jinja`` draws: a number of an arm with its interval and its seeds, and a difference with
its interval, placed on an axis.
"""

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


@dataclass(frozen=True)
class Difference:
    """A comparison: ``limits`` in words; ``sure``: whether the interval excludes 0; ``low`` and ``high``
    (None where there is no interval) and ``at`` in per cent of the width.
    """

    difference: float
    limits: str
    sure: bool
    low: float | None
    high: float | None
    at: float


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


def differences(
    compared: Sequence[Mapping[str, Any]], limits: Sequence[str]
) -> tuple[Axis, list[Difference]]:
    """The axis that holds 0 and all comparisons, and each of them on it; ``limits``: of each, in words."""
    held = [0.0]
    for one in compared:
        held += [one["low"], one["high"]] if verdict.has_interval(one) else [one["difference"]]
    axis = Axis.around(held, 6)
    return axis, [_difference(axis, *row) for row in zip(compared, limits, strict=True)]


def _difference(axis: Axis, one: Mapping[str, Any], limits: str) -> Difference:
    drawn = verdict.has_interval(one)
    return Difference(
        difference=one["difference"],
        limits=limits,
        sure=verdict.sure(one),
        low=axis.at(one["low"]) if drawn else None,
        high=axis.at(one["high"]) if drawn else None,
        at=axis.at(one["difference"]),
    )
