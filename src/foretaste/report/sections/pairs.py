"""Whether models know verbs, or guess them from the objects: what is gained on pairs of a verb and a noun
that training shows, and on those that it never does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.report import verdict
from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.written import number, signed

TITLE = "Pairs never seen in training"

#: The metrics of the two columns.
SEEN, UNSEEN = "top1.seen_pairs", "top1.unseen_pairs"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A comparison in one head; ``seen``, ``unseen``: what both arms have, and their difference with its
    limits, in words; None where there is no such sample.
    """

    head: str
    a: str
    b: str
    seen: tuple[str, str, str] | None
    unseen: tuple[str, str, str] | None


@dataclass(frozen=True)
class Pairs:
    """``samples``: of unseen pairs; ``way``: how limits are made."""

    samples: int
    way: str
    rows: Sequence[Row]


def build(runs: FinishedRuns) -> Pairs | None:
    """None where the dataset has no such pairs."""
    rows, unseen = [], []
    for head, compared in ({runs.heads[0]: runs.compared} | runs.compared_by_head).items():
        there = {(one["a"], one["b"], one["metric"]): one for one in compared}
        for a, b in dict.fromkeys((one["a"], one["b"]) for one in compared):
            of_pairs = [there.get((a, b, metric)) for metric in (SEEN, UNSEEN)]
            if of_pairs[1] is None:
                continue
            unseen.append(of_pairs[1])
            seen_cell, unseen_cell = (one and _cell(runs, head, one) for one in of_pairs)
            names = {"a": runs.label(a), "b": runs.label(b)}
            rows.append(Row(head=head, **names, seen=seen_cell, unseen=unseen_cell))
    return Pairs(unseen[0]["samples"], verdict.heading(unseen), rows) if rows else None


def _cell(runs: FinishedRuns, head: str, one: Mapping[str, Any]) -> tuple[str, str, str]:
    means = [runs.arms[one[side]][head][one["metric"]]["mean"] for side in ("b", "a")]
    return (
        f"{number(means[0])} → {number(means[1])}",
        signed(one["difference"]),
        verdict.limits(one, signed),
    )
