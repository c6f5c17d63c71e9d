"""From segments to samples: what is predicted, and the window that may be watched for it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import NonNegativeFloat, PositiveFloat

from foretaste.contracts.tables import SAMPLES, heads_of
from foretaste.pipeline.options import Options

#: Times closer than this are the same: annotation clocks tick in 1/30 s or 1/100 s, floating point does not.
TIE_S = 1e-6


class SamplesConfig(Options):
    """How segments become samples."""

    task: Literal["anticipation"] = "anticipation"
    """The action of a segment is predicted from what stands before it."""
    tau_a: NonNegativeFloat
    """Seconds between the end of the window and the start of the action."""
    tau_o: PositiveFloat
    """Seconds of the window."""
    earliest_stop_s: float | None = None
    """Samples whose window stops earlier in the video are dropped. AVT drops those that stop before the first
    frame is over (1/30 s); text teachers score every sample, so nothing is dropped unless this is set.
    """


def make_samples(segments: pa.Table, config: SamplesConfig) -> pa.Table:
    """One sample a segment, in the same order: window [start - tau_a - tau_o, start - tau_a].

    The window of an early segment starts before the video does (a negative ``window_start_s``); the sample is
    still one. A sample that cannot be used stays, with the reason in ``dropped_because``.
    """
    start = segments.column("start_s").to_numpy()
    stop = start - config.tau_a
    dropped = np.full(segments.num_rows, None, dtype=object)
    if config.earliest_stop_s is not None:
        # No tolerance: AVT drops 16/30 - 0.5 s, which floating point puts just below 1/30 s.
        dropped[stop < config.earliest_stop_s] = f"window stops before {config.earliest_stop_s:.4g} s"
    labels = [f"{head}_id" for head in heads_of(segments)]
    columns = {
        "sample_id": segments.column("segment_id"),
        "segment_id": segments.column("segment_id"),
        "window_start_s": stop - config.tau_o,
        "window_stop_s": stop,
        "target_start_s": start,
        "target_stop_s": segments.column("stop_s"),
        "dropped_because": dropped,
        **{name: segments.column(name) for name in ("video_id", "split", *labels)},
    }
    schema = SAMPLES.of(heads_of(segments)).schema
    arrays = [
        (
            columns[f.name]
            if isinstance(columns[f.name], pa.ChunkedArray)
            else pa.array(columns[f.name], type=f.type)
        )
        for f in schema
    ]
    return pa.table(arrays, schema=schema)


def dropped(samples: pa.Table, reasons: np.ndarray) -> pa.Table:
    """``samples`` without those that have a reason (n,): it stands in ``dropped_because``, unless an earlier
    one does.
    """
    name = "dropped_because"
    column = pc.coalesce(samples.column(name), pa.array(reasons, type=pa.string()))
    return samples.set_column(samples.schema.get_field_index(name), SAMPLES.schema.field(name), column)
