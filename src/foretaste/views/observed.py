"""What every view of an observation window does alike: it takes usable samples only, and labels the observed
times.
"""

from __future__ import annotations

from math import inf
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import heads_of

PastTies = Literal["midpoint", "half_duration"]


def usable(samples: pa.Table) -> pa.Table:
    """``samples``; raises DataError if one of them was dropped."""
    dropped = samples.column("dropped_because")
    if dropped.null_count < len(dropped):
        raise DataError("samples that were dropped", "samples", "usable rows only", "filter dropped_because")
    return samples


def without_a_frame(samples: pa.Table, videos: pa.Table | None, stop: str = "window_stop_s") -> np.ndarray:
    """(n,) object: the reason for the samples of videos that are not among ``videos`` (if that is known), and
    for those whose window (to the time in column ``stop``) ends before the first frame, which stands at 0 s;
    None for the others.

    What ``unseen`` of a view of the video starts from. A window that only begins before the first frame
    repeats it.
    """
    reasons = np.full(samples.num_rows, None, dtype=object)
    if videos is not None:
        known = pc.is_in(samples.column("video_id"), value_set=videos.column("video_id").combine_chunks())
        reasons[~known.to_numpy(zero_copy_only=False)] = "no usable video"
    reasons[samples.column(stop).to_numpy() < 0.0] = "window ends before the first frame"
    return reasons


def label_at(
    time_s: float, starts_s: np.ndarray, stops_s: np.ndarray, labels: np.ndarray, ties: PastTies
) -> int:
    """The label of the segment going on at ``time_s`` (start <= t <= stop, as AVT); ``UNLABELLED`` where
    there is none.

    ``starts_s``, ``stops_s`` (n,) float64 and ``labels`` (n,) int. Of several the one whose midpoint is
    nearest; with ``half_duration`` AVT's own rule, which takes half of the duration for the midpoint and so
    prefers long segments.
    """
    (going_on,) = np.nonzero((starts_s <= time_s) & (time_s <= stops_s))
    if not len(going_on):
        return UNLABELLED
    sign = 1.0 if ties == "midpoint" else -1.0
    centre = (stops_s[going_on] + sign * starts_s[going_on]) / 2
    return int(labels[going_on[np.argmin(np.abs(time_s - centre))]])


def past_labels(
    times_s: np.ndarray, samples: pa.Table, segments: pa.Table, ties: PastTies
) -> dict[str, np.ndarray]:
    """head -> (n, T) int64: the segment going on at the times (n, T) of the samples' frames.

    Only segments of the sample's own split that have a usable sample count, as in AVT.
    """
    known = set(samples.column("segment_id").to_pylist())
    by_video: dict[tuple[str, str], list[dict]] = {}
    for segment in segments.to_pylist():
        if segment["segment_id"] in known:
            by_video.setdefault((segment["split"], segment["video_id"]), []).append(segment)
    labels = {head: np.full(times_s.shape, UNLABELLED, dtype=np.int64) for head in heads_of(segments)}
    for row, place in enumerate(
        zip(samples.column("split").to_pylist(), samples.column("video_id").to_pylist())
    ):
        near = by_video.get(place, [])
        starts = np.array([segment["start_s"] for segment in near])
        # A segment without a stop goes on to the end of its video.
        stops = np.array([inf if segment["stop_s"] is None else segment["stop_s"] for segment in near])
        for t, time_s in enumerate(times_s[row]):
            at = label_at(time_s, starts, stops, np.arange(len(near)), ties)
            for head, values in labels.items():
                if at != UNLABELLED and near[at][f"{head}_id"] is not None:
                    values[row, t] = near[at][f"{head}_id"]
    return labels
