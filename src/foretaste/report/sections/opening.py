"""The top of the page: the headline's difference in large print, and every comparison beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.contracts.metrics import METRICS
from foretaste.report import verdict
from foretaste.report.axis import Axis
from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.tracks import Difference, differences
from foretaste.report.written import signed


@dataclass(frozen=True, kw_only=True)
class Row:
    """A comparison of two models, in the colour of the first."""

    a_label: str
    b_label: str
    colour: str
    track: Difference


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The difference that the page opens with, and what may be concluded from it."""

    a_label: str
    b_label: str
    colour: str
    difference: float
    conclusion: str


@dataclass(frozen=True, kw_only=True)
class Opening:
    """``primary`` is the title of the primary metric; ``small`` says that the data are small, where the
    headline does not.
    """

    paper: str | None
    primary: str
    headline: Headline | None
    small: str | None
    axis: Axis
    differences: Sequence[Row]


def build(runs: FinishedRuns) -> Opening:
    """Every comparison in the primary metric, on one axis that holds 0."""
    compared = [one for one in runs.compared if one["metric"] == runs.primary]
    axis, drawn = differences(compared, verdict.rows(compared, signed))
    chosen = next((one for one in compared if (one["a"], one["b"]) == runs.headline), None)
    said_small = chosen is not None and verdict.caution(chosen) is not None
    return Opening(
        paper=runs.settings["paper"],
        primary=METRICS[runs.primary].title,
        headline=None if chosen is None else _headline(chosen, runs),
        small=None if said_small else verdict.small(runs.summary),
        axis=axis,
        differences=[_row(*pair, runs) for pair in zip(compared, drawn, strict=True)],
    )


def _row(one: Mapping[str, Any], track: Difference, runs: FinishedRuns) -> Row:
    return Row(
        a_label=runs.label(one["a"]), b_label=runs.label(one["b"]), colour=runs.palette[one["a"]], track=track
    )


def _headline(one: Mapping[str, Any], runs: FinishedRuns) -> Headline:
    return Headline(
        a_label=runs.label(one["a"]),
        b_label=runs.label(one["b"]),
        colour=runs.palette[one["a"]],
        difference=one["difference"],
        conclusion=_conclusion(one),
    )


def _conclusion(one: Mapping[str, Any]) -> str:
    """What the interval says, or why there is none."""
    caution = verdict.caution(one)
    if not verdict.has_interval(one):
        return f"There is no interval: {caution}. {verdict.meaning(caution)}"
    ends = f"{one['level']} % interval {signed(one['low'])} to {signed(one['high'])} ({verdict.way(one)})"
    includes = "excludes" if verdict.sure(one) else "includes"
    doubt = "" if caution is None else f", but {caution}. {verdict.meaning(caution)}"
    says = ends + (doubt or f": it {includes} 0.")
    spread = " One seed each: the spread of trainings is not in it." if one["unit"] == "video" else ""
    return says + spread
