"""The arms side by side: students, then teachers, every number with what decides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.contracts.metrics import METRICS
from foretaste.evaluation.compare import Interval
from foretaste.report.axis import Axis
from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.setting_line import setting_line
from foretaste.report.tracks import Track, tracks
from foretaste.report.written import number, signed

TITLE = "Arms"

#: role -> the heading of its table, in the order of the page.
_HEADINGS = {
    "student": "Students: video alone at inference",
    "teacher": "Teachers",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """An arm in the table.

    numbers, best
        Spreads of the main head by metric, and the metrics in which no arm of the table is better.
    parts
        head -> metric -> mean, of the other heads.
    track
        The primary metric on the axis.
    counting
        What counting alone gives, beside a teacher that reads the same histories.
    """

    label: str
    colour: str
    hollow: bool
    seeds: int
    settings: str
    counting: str | None
    numbers: Mapping[str, Any]
    best: Sequence[str]
    parts: Mapping[str, Mapping[str, float | None]]
    track: Track


@dataclass(frozen=True, kw_only=True)
class Table:
    """The arms of one role."""

    title: str
    axis: Axis
    metrics: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Arms:
    """``titles`` of the metrics; ``by_head``: the metrics of the heads ``parts``, which have a table of their
    own.
    """

    primary: str
    titles: Mapping[str, str]
    groups: Sequence[Table]
    parts: Sequence[str]
    by_head: Sequence[str]


def build(runs: FinishedRuns) -> Arms:
    """The tables of those roles that were run."""
    parts = runs.heads[1:]
    by_head = _metrics_of(runs, parts)
    intervals = {model: runs.comparer.interval(model, None, runs.primary) for model in runs.models}
    tables = []
    for role in _HEADINGS:
        arms = {name: arm for name, arm in runs.arms.items() if arm["role"] == role}
        if arms:
            tables.append(_table(role, arms, intervals, by_head, runs))
    return Arms(
        primary=runs.primary,
        titles={name: metric.title for name, metric in METRICS.items()},
        groups=tables,
        parts=parts,
        by_head=by_head,
    )


def _metrics_of(runs: FinishedRuns, heads: Sequence[str]) -> list[str]:
    """The metrics that arms have of the heads beside the main one: not the many-shot ones, which are about
    the main.
    """
    numbers = [arm.get(head) or {} for arm in runs.arms.values() for head in heads]
    return [
        metric
        for metric in METRICS
        if not metric.startswith("many_shot") and any(one.get(metric) is not None for one in numbers)
    ]


def _table(
    role: str,
    arms: Mapping[str, Any],
    intervals: Mapping[str, Interval | None],
    by_head: Sequence[str],
    runs: FinishedRuns,
) -> Table:
    """The arms of one role, each with its place on the axis of the primary metric."""
    main = runs.heads[0]
    shown = [metric for metric in METRICS if any(arm[main][metric] is not None for arm in arms.values())]
    best = {metric: _best(metric, [arm[main] for arm in arms.values()]) for metric in shown}
    spreads = {name: arm[main][runs.primary] for name, arm in arms.items()}
    axis, placed = tracks(intervals, spreads)
    rows = []
    for name, arm in arms.items():
        numbers = arm[main]
        rows.append(
            Row(
                label=arm["label"],
                colour=runs.palette[name],
                hollow=role == "teacher",
                seeds=len(arm["seeds"]),
                settings=setting_line(arm["protocol"]),
                counting=_counting(name, runs),
                numbers=numbers,
                best=[m for m in shown if numbers[m] and numbers[m]["mean"] == best[m]],
                parts={head: _means(arm[head], by_head) for head in runs.heads[1:]},
                track=placed[name],
            )
        )
    return Table(title=_HEADINGS[role], axis=axis, metrics=shown, rows=rows)


def _means(numbers: Mapping[str, Any] | None, metrics: Sequence[str]) -> dict[str, float | None]:
    """The mean of each metric; None where a head has no such number, or an arm no such head."""
    spreads = {metric: numbers[metric] if numbers else None for metric in metrics}
    return {metric: spread["mean"] if spread else None for metric, spread in spreads.items()}


def _best(metric: str, arms: Sequence[Mapping[str, Any]]) -> float | None:
    """The best mean of a metric among the numbers of some arms: the highest, or the lowest of an error."""
    means = [numbers[metric]["mean"] for numbers in arms if numbers[metric]]
    better = max if METRICS[metric].counts_hits else min
    return better(means, default=None)


def _counting(name: str, runs: FinishedRuns) -> str | None:
    """The best of the counts in the primary metric, and how much more a teacher has that reads the same
    histories; None beside any other arm.
    """
    main, arm = runs.heads[0], runs.arms[name]
    own = arm[main][runs.primary]
    if arm["role"] != "teacher" or runs.models[name].get("counted") or own is None:
        return None
    counts = []
    for other, beside in runs.arms.items():
        counted = runs.models[other].get("counted") and beside[main][runs.primary]
        if counted and _read(beside) == _read(arm):
            counts.append(beside[main][runs.primary]["mean"])
    if not counts:
        return None
    return f"counting alone {number(max(counts))}, {signed(own['mean'] - max(counts))}"


def _read(arm: Mapping[str, Any]) -> tuple[Any, Any]:
    """Which histories an arm reads."""
    return arm["protocol"]["history_rule"], arm["protocol"]["history_from"]
