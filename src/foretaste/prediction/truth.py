"""What is known of a video beside what a model says of it: the labels of its segments, and what a teacher
said of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.tables import SEGMENTS, read_table
from foretaste.scores.reader import Scores, open_scores

#: Classes that a teacher is quoted with.
QUOTED = 5


def known_of(
    video_id: str, labels: Path | None, teachers: Sequence[Path], classes: ClassSpace
) -> list[dict[str, Any]]:
    """The segments of a video in the order of their starts: ``start_s``, ``stop_s`` (null: to the end),
    ``name`` and ``class`` of its main head (null: the model knows none of that name), and what each teacher
    says of it. Empty where nothing is known.
    """
    if labels is None:
        return []
    head = classes.main
    table = read_table(labels, SEGMENTS)
    own = table.filter(pc.equal(table["video_id"], video_id)).sort_by("start_s")
    scores = [open_scores(path) for path in teachers]
    said = [_by_sample(one, head, own["segment_id"].to_pylist()) for one in scores]
    numbers = {name: number for number, name in enumerate(classes.names(head))}
    found = []
    for row in own.to_pylist():
        # By its name: the labels may be of another data set, which numbers its classes in another way.
        name = row.get(head)
        number = numbers.get(name)
        teaching = [one[row["segment_id"]] for one in said if row["segment_id"] in one]
        found.append(
            {
                "start_s": row["start_s"],
                "stop_s": row["stop_s"],
                "class": number,
                "name": name,
                "teachers": teaching,
            }
        )
    return found


def _by_sample(scores: Scores, head: str, wanted: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """sample -> the likeliest classes by a teacher, of those samples of ``wanted`` that it scored; nothing
    where it does not know the head.
    """
    if head not in scores.heads:
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    names = scores.classes.names(head)
    for split in scores.splits:
        ids = [one for one in scores.sample_ids(split) if one in set(wanted)]
        if not ids:
            continue
        logits = scores.logits(split, head, ids).astype(np.float64)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = odds / odds.sum(axis=1, keepdims=True)
        for sample, row in zip(ids, shares, strict=True):
            best = np.argsort(-row, kind="stable")[:QUOTED]
            found[sample] = [
                {"class": int(one), "name": names[one], "probability": round(float(row[one]), 6)}
                for one in best
            ]
    return found
