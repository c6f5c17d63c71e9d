"""What students took over from their teachers: how often both say the same, and who of them is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.evaluation.intervals import Ranked
from foretaste.report.finished_runs import FinishedRuns

TITLE = "Students and teachers"

#: Right is who has the truth among so many.
FIRST = 5


@dataclass(frozen=True)
class Shares:
    """Per cent of the samples: both are right, the teacher alone, the student alone, neither."""

    both: float
    teacher: float
    student: float
    neither: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """A student beside a teacher; ``taught``: by this teacher. ``same``: per cent of the samples on which
    both have the same first class; ``divergence``: nats, the mean over samples of KL(teacher, student).
    """

    student: str
    teacher: str
    colour: str
    taught: bool
    same: float
    divergence: float
    right: Shares


@dataclass(frozen=True)
class Agreement:
    """``first``: right is who has the truth among so many."""

    first: int
    rows: Sequence[Row]


def build(runs: FinishedRuns) -> Agreement | None:
    """Every student with each of its teachers and, to compare with, students that were taught by nobody with
    the same; all seeds and worlds together. None where nobody is taught.
    """
    rows = [_row(runs, *pair) for pair in _pairs(runs)]
    return Agreement(FIRST, rows) if rows else None


def _pairs(runs: FinishedRuns) -> Iterator[tuple[str, str, bool]]:
    """(student, teacher, whether it is taught by it), one teacher after the other."""
    students = {name: model for name, model in runs.models.items() if model["role"] == "student"}
    named = [other for model in students.values() for other in model["mentions"] if other in runs.models]
    for teacher in dict.fromkeys(named):
        for name, model in students.items():
            if teacher in model["mentions"] or not model["mentions"]:
                yield name, teacher, teacher in model["mentions"]


def _row(runs: FinishedRuns, student: str, teacher: str, taught: bool) -> Row:
    same, divergences, right = [], [], []
    for world in runs.worlds:
        for seed in world.seeds(student):
            other = _seed_of(world, teacher, seed, runs.settings["teacher_seeds"])
            own = runs.said(world, student, seed, world.head)
            theirs = runs.said(world, teacher, other, world.head)
            same.append(own.ranked.argmax(axis=1) == theirs.ranked.argmax(axis=1))
            divergences.append(divergence(theirs.probabilities, own.probabilities))
            hits = world.ranks[teacher, other] < FIRST, world.ranks[student, seed] < FIRST
            right.append(np.stack(hits))
    return Row(
        student=runs.label(student), teacher=runs.label(teacher), colour=runs.palette[teacher], taught=taught,
        same=100 * float(np.concatenate(same).mean()), divergence=float(np.concatenate(divergences).mean()),
        right=shares(*np.concatenate(right, axis=1)),
    )  # fmt: skip


def _seed_of(world: Ranked, teacher: str, seed: int, teacher_seeds: int) -> int:
    """The teacher's seed that the student's seed learns from."""
    seeds, own = world.seeds(teacher), seed % teacher_seeds
    return own if own in seeds else seeds[0]


def shares(teacher: np.ndarray, student: np.ndarray) -> Shares:
    """Of two (n,) bool: whether each of them is right."""
    groups = teacher & student, teacher & ~student, ~teacher & student, ~teacher & ~student
    return Shares(*(100 * float(group.mean()) for group in groups))


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """sum over classes of p (log p - log q), nats, for (n, C) probabilities: (n,). A class that q gives less
    than the smallest float counts as having that.
    """
    least = np.finfo(np.float64).tiny
    return (p * (np.log(np.maximum(p, least)) - np.log(np.maximum(q, least)))).sum(axis=1)
