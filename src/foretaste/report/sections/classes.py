"""Recall of every class with both models of the headline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretaste.evaluation.protocols import targets
from foretaste.report.axis import Axis
from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.gains import ClassGain, by_frequency, class_gains, joined

TITLE = "Classes"

#: So many classes are shown; of more, the best and the worst.
MOST = 36


@dataclass(frozen=True)
class Bar:
    """A class, and its bar: from ``left`` on the axis, ``width`` per cent wide."""

    change: ClassGain
    left: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Classes:
    """``a`` and ``b`` are the labels of the headline's models. Classes are counted as better, worse and
    equal; ``left_out`` of them have no bar. ``gains``: of all classes; ``thirds``: by frequency.
    """

    a: str
    b: str
    axis: Axis
    rows: Sequence[Bar]
    left_out: int
    better: int
    worse: int
    equal: int
    gains: Sequence[ClassGain]
    thirds: Sequence[tuple[str, int, int, int, float]]


def build(runs: FinishedRuns) -> Classes | None:
    """None where no pair was run."""
    if runs.headline is None:
        return None
    a, b = runs.headline
    gains = _gains(runs, a, b)
    moved = [one for one in gains if abs(one.gain) > 1e-9]
    shown = moved if len(moved) <= MOST else [*moved[: MOST // 2], *moved[-(MOST // 2) :]]
    axis = Axis.around([0.0, *(one.gain for one in shown)], 6)
    return Classes(
        a=runs.label(a),
        b=runs.label(b),
        axis=axis,
        rows=[_bar(one, axis) for one in shown],
        left_out=len(moved) - len(shown),
        better=sum(one.gain > 1e-9 for one in gains),
        worse=sum(one.gain < -1e-9 for one in gains),
        equal=len(gains) - len(moved),
        gains=gains,
        thirds=by_frequency(gains),
    )


def _bar(one: ClassGain, axis: Axis) -> Bar:
    zero, end = axis.at(0), axis.at(one.gain)
    return Bar(one, min(zero, end), abs(end - zero))


def _gains(runs: FinishedRuns, a: str, b: str) -> list[ClassGain]:
    """Recall@5 of every class with both models, all seeds and worlds together; best gain first."""
    found = []
    for world, table in zip(runs.worlds, runs.tables, strict=True):
        head = world.classes.main
        training = targets(table, "training").occurrences(world.classes)[head]
        names = world.classes.names(head)
        found.append(class_gains(names, world.labels, world.hits(a, 5), world.hits(b, 5), training))
    return joined(found)
