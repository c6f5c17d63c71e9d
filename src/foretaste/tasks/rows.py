"""What every task ends with: the table of samples in its columns; and where videos end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.tables import SAMPLES, heads_of


def of_segments(segments: pa.Table, times_s: Mapping[str, np.ndarray], dropped: Sequence[Any]) -> pa.Table:
    """One sample a segment, in the same order and with its labels.

    times_s
        ``window_start_s``, ``window_stop_s``, ``target_start_s``, ``target_stop_s``, (n,) each.
    dropped
        Why a sample cannot be used; None where it can.
    """
    columns: dict[str, Any] = {"sample_id": segments.column("segment_id"), **times_s}
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
