"""What every task ends with: the table of samples in its columns; and where videos end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, heads_of

#: A number in a reason, such as a time in seconds.
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def of_segments(
    segments: pa.Table,
    times_s: Mapping[str, np.ndarray],
    dropped: Sequence[Any],
    sample_ids: Sequence[str] | None = None,
) -> pa.Table:
    """One sample a row of ``segments``, in the same order and with its labels.

    times_s
        ``window_start_s``, ``window_stop_s``, ``target_start_s``, ``target_stop_s``, (n,) each.
    dropped
        Why a sample cannot be used; None where it can.
    sample_ids
        Their names, where a segment makes several; else they bear the segment's.
    """
    own = segments.column("segment_id") if sample_ids is None else sample_ids
    columns: dict[str, Any] = {"sample_id": own, **times_s}
    for name in ("segment_id", "video_id", "split", *(f"{head}_id" for head in heads_of(segments))):
        columns[name] = segments.column(name)
    return table(columns | {"dropped_because": dropped}, heads_of(segments))


def table(columns: Mapping[str, Any], heads: Sequence[str]) -> pa.Table:
    """The table of samples of a dataset with these heads."""
    schema = SAMPLES.of(heads).schema
    arrays = [
        column if isinstance(column := columns[f.name], pa.ChunkedArray) else pa.array(column, type=f.type)
        for f in schema
    ]
    return pa.table(arrays, schema=schema)


def spans_s(segments: pa.Table, videos: pa.Table | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start (n,) and stop (n,) of every segment, and (n,) object why it has none: a whole clip stops with the
    last frame of its video, as it was probed, and has no stop where its video was skipped.

    Raises DataError for whole clips where no video was probed.
    """
    stops = segments.column("stop_s").to_pylist()
    if videos is None and None in stops:
        raise DataError(
            f"{stops.count(None)} segments without a stop, and no videos",
            "segments",
            "the videos, which say how long they are",
            "set videos: folder of the dataset",
        )
    last_s = ends_s(videos)
    starts = segments.column("start_s").to_numpy()
    dropped = np.full(segments.num_rows, None, dtype=object)
    for row, video_id in enumerate(segments.column("video_id").to_pylist()):
        if stops[row] is not None:
            continue
        if video_id not in last_s:
            dropped[row] = "no usable video"
        stops[row] = max(last_s.get(video_id, starts[row]), starts[row])
    return starts, np.array(stops, dtype=np.float64), dropped


def ends_s(videos: pa.Table | None) -> dict[str, float]:
    """video_id -> the time stamp of its last frame: a window that stops there shows the video to its end."""
    found: dict[str, float] = {}
    for row in [] if videos is None else videos.to_pylist():
        last = row["duration_s"] - 1 / row["rate_fps"]
        found[row["video_id"]] = min(last, found.get(row["video_id"], last))
    return found


def dropped(samples: pa.Table, reasons: np.ndarray) -> pa.Table:
    """``samples`` without those that have a reason (n,): it stands in ``dropped_because``, unless an earlier
    one does.
    """
    name = "dropped_because"
    column = pc.coalesce(samples.column(name), pa.array(reasons, type=pa.string()))
    return samples.set_column(samples.schema.get_field_index(name), SAMPLES.schema.field(name), column)


def by_kind(reasons: Iterable[str]) -> list[str]:
    """``12, such as: its boxes end at 1.53 s`` for each kind of reason, the most frequent one first. Those of
    one kind differ in numbers alone; the first one is shown.
    """
    kinds: dict[str, list[str]] = {}
    for reason in reasons:
        kinds.setdefault(_NUMBER.sub("0", reason), []).append(reason)
    said = []
    for alike in sorted(kinds.values(), key=len, reverse=True):
        such = ", such as" if len(set(alike)) > 1 else ""
        said.append(f"{len(alike)}{such}: {alike[0]}")
    return said


def in_labelled_splits(samples: pa.Table) -> np.ndarray:
    """(n,) bool: the samples of splits in which some sample has a label."""
    labelled = pa.array(np.zeros(samples.num_rows, dtype=bool))
    for head in heads_of(samples):
        labelled = pc.or_(labelled, pc.is_valid(samples[f"{head}_id"]))
    splits = pc.unique(samples["split"].filter(labelled))
    return pc.is_in(samples["split"], value_set=splits).to_numpy(zero_copy_only=False)
