"""What the teachers would teach: how right and how sure the scores are that students were given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.evaluation.protocols import targets
from foretaste.report.finished_runs import FinishedRuns
from foretaste.scores.diagnosis import Diagnosis, diagnose, warnings
from foretaste.scores.reader import Scores, open_scores

TITLE = "What the teachers teach"


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """The scores of one teacher as a term takes them: of the training rows, and of rows that it was not
    trained on.
    """

    teacher: str
    head: str
    temperature: float
    k: int | None
    scored: str
    taught: Diagnosis
    elsewhere: Diagnosis | None
    warnings: Sequence[str]


@dataclass(frozen=True)
class Targets:
    """``split``: of the rows elsewhere."""

    split: str
    lessons: Sequence[Lesson]


def build(runs: FinishedRuns) -> Targets | None:
    """Of the first world and each teacher's first seed; None where nobody is taught with cached scores."""
    lessons = [_lesson(runs, *term) for term in _taught(runs)]
    found = [lesson for lesson in lessons if lesson is not None]
    return Targets(runs.settings["split"], found) if found else None


def _taught(runs: FinishedRuns) -> Iterator[tuple[str, str, float, int | None]]:
    """(teacher, head, temperature, top K) of the terms of all models, each once."""
    seen: set[tuple[Any, ...]] = set()
    for arm in runs.arms.values():
        for term in arm["protocol"].get("terms") or ():
            teacher, _, field = term["to"].partition(".")
            key = (teacher, field or term["of"], term["temperature"], term["top_k"])
            if teacher in runs.models and term["temperature"] is not None and key not in seen:
                seen.add(key)
                yield key


def _lesson(runs: FinishedRuns, teacher: str, head: str, temperature: float, k: int | None) -> Lesson | None:
    """None where the teacher has no scores of training rows (it spoke live)."""
    world = runs.worlds[0]
    scores = open_scores(runs.scores[world.name, teacher, world.seeds(teacher)[0]])
    if "training" not in scores.splits or head not in scores.heads:
        return None
    taught = _diagnosis(runs, scores, "training", head, temperature, k)
    split = runs.settings["split"]
    elsewhere = _diagnosis(runs, scores, split, head, temperature, k) if split in scores.splits else None
    scored = scores.scored("training")
    return Lesson(
        teacher=runs.label(teacher), head=head, temperature=temperature, k=k, scored=scored,
        taught=taught, elsewhere=elsewhere, warnings=list(warnings(taught, elsewhere, scored)),
    )  # fmt: skip


def _diagnosis(
    runs: FinishedRuns, scores: Scores, split: str, head: str, temperature: float, k: int | None
) -> Diagnosis:
    wanted = targets(runs.tables[0], split)
    logits = scores.logits(split, head, wanted.sample_ids)
    return diagnose(logits, wanted.labels[head], temperature=temperature, k=k)
