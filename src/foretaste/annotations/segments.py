"""What every reader ends with: checked annotations in the order and columns of SEGMENTS. And what of them a
run asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretaste.annotations.pairs import with_pairs
from foretaste.annotations.rows import RowError
from foretaste.annotations.tail import with_tail
from foretaste.annotations.video_folds import for_choosing
from foretaste.annotations.withheld import withhold
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import Issue
from foretaste.contracts.tables import SEGMENTS, heads_of


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One usable row. Times are seconds; ``stop_s`` is None for a whole clip.

    labels
        head -> class id; empty where the split has no labels.
    number
        The dataset's own id of the segment, or, where that is a text, ``segment_id``, its number within its
        video.
    """

    number: int
    split: str
    video_id: str
    start_s: float
    stop_s: float | None
    labels: Mapping[str, int] = field(default_factory=dict)
    narration: str | None = None
    participant: str | None = None
    segment_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Annotations:
    """What a reader returns.

    segments
        Columns of SEGMENTS for the heads of ``classes``: splits by name (training, validation); in each by
        video, start, stop, id.
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


def check_action(labels: Mapping[str, int], classes: ClassSpace) -> None:
    """Raise RowError unless the action among ``labels`` is made of their verb and noun."""
    action = labels["action"]
    verb, noun = (classes.parts("action")[part][action] for part in ("verb", "noun"))
    if (verb, noun) != (labels["verb"], labels["noun"]):
        raise RowError(
            f"action {action} with verb {labels['verb']} and noun {labels['noun']}, expected verb {verb} and"
            f" noun {noun}"
        )


def table(annotations: Iterable[Annotation], classes: ClassSpace, dataset: str) -> pa.Table:
    """The SEGMENTS table; ``segment_id`` is the dataset's own id as text."""
    rows = sorted(annotations, key=_place)
    columns: dict[str, list] = {
        "segment_id": [row.segment_id or str(row.number) for row in rows],
        "dataset": [dataset] * len(rows),
    }
    for name in ("split", "video_id", "start_s", "stop_s", "narration", "participant"):
        columns[name] = [getattr(row, name) for row in rows]
    for head, names in classes.heads.items():
        ids = [row.labels.get(head) for row in rows]
        columns[head] = [_name(names, index) for index in ids]
        columns[f"{head}_id"] = ids
    schema = SEGMENTS.of(tuple(classes.heads)).schema
    return pa.table([pa.array(columns[f.name], type=f.type) for f in schema], schema=schema)


def _place(row: Annotation) -> tuple:
    return row.split, row.video_id, row.start_s, inf if row.stop_s is None else row.stop_s, row.number


def _name(names: Sequence[str], index: int | None) -> str | None:
    return None if index is None else names[index]


def check_split_labelled(segments: pa.Table, split: str, dataset: str) -> None:
    """Raise DataError unless there is a labelled segment of ``split``: to be trained on, or measured."""
    labelled = segments.filter(pc.is_valid(segments[f"{heads_of(segments)[0]}_id"]))
    counts = Counter(labelled["split"].to_pylist())
    if not counts[split]:
        there = ", ".join(f"{name} ({count})" for name, count in counts.items())
        raise DataError(
            f"no labelled segment of the split {split}",
            f"workflow/datasets/{dataset}.yaml",
            f"labels in training and in the split that is evaluated; there are {there or 'none'}",
            "set evaluated to a split with labels, or mend reader",
        )


def as_asked(read: Annotations, config: Mapping[str, Any]) -> tuple[pa.Table, ClassSpace]:
    """The segments that were ``read`` and the label space, as ``choose``, ``evaluated``, ``withheld_pairs``
    and ``tail`` of a dataset ask for. Raises DataError for a split without labels, ConfigError for what the
    dataset cannot give.
    """
    segments, evaluated = read.segments, config["evaluated"]
    if config["choose"] is not None:
        segments = for_choosing(segments, config["choose"], evaluated)
    for split in ("training", evaluated):
        check_split_labelled(segments, split, config["dataset"])
    if config["withheld_pairs"] is not None:
        segments = withhold(segments, read.classes, config["withheld_pairs"], evaluated)
    training = segments.filter(pc.equal(segments["split"], "training"))
    trained = pc.unique(training[f"{read.classes.main}_id"].drop_null())
    classes = with_pairs(read.classes, set(trained.to_pylist()))
    if config["tail"] is not None:
        classes = with_tail(classes, training, config["tail"])
    return segments, classes
