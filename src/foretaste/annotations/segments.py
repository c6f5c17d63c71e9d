"""What every reader ends with: checked annotations in the order and columns of SEGMENTS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

import pyarrow as pa

from foretaste.annotations.rows import RowError
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.issues import Issue
from foretaste.contracts.tables import SEGMENTS


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One usable row. Times are seconds; ids are class ids, None where the split has no labels.

    number
        The dataset's own id of the segment, or, where that is a text, ``segment_id``, its number within its
        video.
    """

    number: int
    split: str
    video_id: str
    start_s: float
    stop_s: float
    verb_id: int | None = None
    noun_id: int | None = None
    action_id: int | None = None
    narration: str | None = None
    participant: str | None = None
    segment_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Annotations:
    """What a reader returns.

    segments
        Columns of SEGMENTS: splits by name (training, validation); in each by video, start, stop, id.
        ``verb``, ``noun`` and ``action`` are class names.
    classes
        The label space.
    issues
        Rows that were left out; their files are named relative to the data root.
    """

    segments: pa.Table
    classes: ClassSpace
    issues: list[Issue]


def check_span(start_s: float, stop_s: float) -> None:
    """Raise RowError unless [start, stop) is a span of the video: an empty one shows nothing, a negative one
    is a slip.
    """
    if not 0 <= start_s < stop_s < inf:
        raise RowError(f"start {start_s:g} s and stop {stop_s:g} s, expected 0 <= start < stop")


def check_action(row_action: int, verb_id: int, noun_id: int, classes: ClassSpace) -> None:
    """Raise RowError unless the action is made of this verb and this noun."""
    made_of = classes.action_verb[row_action], classes.action_noun[row_action]
    if made_of != (verb_id, noun_id):
        raise RowError(
            f"action {row_action} with verb {verb_id} and noun {noun_id}, expected verb {made_of[0]} and noun"
            f" {made_of[1]}"
        )


def table(annotations: Iterable[Annotation], classes: ClassSpace, dataset: str) -> pa.Table:
    """The SEGMENTS table; ``segment_id`` is the dataset's own id as text."""
    rows = sorted(annotations, key=lambda row: (row.split, row.video_id, row.start_s, row.stop_s, row.number))
    columns = {
        "segment_id": [row.segment_id or str(row.number) for row in rows],
        "dataset": [dataset] * len(rows),
        **{name: [getattr(row, name) for row in rows] for name in ("split", "video_id", "start_s", "stop_s")},
        **{
            head: [_name(classes.names(head), getattr(row, f"{head}_id")) for row in rows]
            for head in ("verb", "noun", "action")
        },
        **{
            name: [getattr(row, name) for row in rows]
            for name in ("verb_id", "noun_id", "action_id", "narration", "participant")
        },
    }
    return pa.table([pa.array(columns[f.name], type=f.type) for f in SEGMENTS.schema], schema=SEGMENTS.schema)


def _name(names: Sequence[str], index: int | None) -> str | None:
    return None if index is None else names[index]
