"""What the teacher knew and the student did not: samples to look at, as clips."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.sections.samples import Example, Speaker, examples, speaker

TITLE = "What the teacher knew"

#: So many samples are shown.
MOST = 6

#: Who has the truth among so many knew it.
FIRST = 5


@dataclass(frozen=True, kw_only=True)
class Known:
    """``known`` of ``samples`` are those that the teacher alone has right; ``models``: name -> heading of its
    lists.
    """

    teacher: str
    student: str
    first: int
    known: int
    samples: int
    models: Mapping[str, Speaker]
    examples: Sequence[Example]


def build(runs: FinishedRuns) -> Known | None:
    """Of the headline's first model and the first of its teachers, first seeds, first world; None where it
    has none, or the teacher knew nothing more.
    """
    taught = runs.models[runs.headline[0]] if runs.headline else {"role": "teacher", "mentions": ()}
    teacher = next((name for name in taught["mentions"] if name in runs.models), None)
    if taught["role"] != "student" or teacher is None:
        return None
    student, world = runs.headline[0], runs.worlds[0]
    knew, did = (world.ranks[model, world.seeds(model)[0]] < FIRST for model in (teacher, student))
    positions = drawn(world.wanted.sample_ids, knew & ~did)
    if not positions:
        return None
    shown = [teacher, student]
    return Known(
        teacher=runs.label(teacher),
        student=runs.label(student),
        first=FIRST,
        known=int((knew & ~did).sum()),
        samples=len(world.wanted),
        models={name: speaker(name, runs) for name in shown},
        examples=examples(runs, shown, [(position, "known") for position in positions], strips=False),
    )


def drawn(sample_ids: Sequence[str], among: np.ndarray) -> list[int]:
    """Positions of at most ``MOST`` of the samples that ``among`` (n,) bool marks, in the order of the sha256
    of their ids.
    """
    marked = [int(position) for position in np.flatnonzero(among)]
    return sorted(marked, key=lambda i: hashlib.sha256(sample_ids[i].encode()).digest())[:MOST]
