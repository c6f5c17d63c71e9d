"""Recognition: the action of a segment is told from the segment itself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretaste.contracts.errors import DataError
from foretaste.pipeline.options import Options
from foretaste.tasks.rows import ends_s, of_segments

#: Whether it is made from the table of videos, too: a segment without a stop ends with its video.
VIDEOS = True

#: Whether its samples have labels.
LABELLED = True

#: Whether the target lies ahead of the window; where it does not, the window is the target.
AHEAD = False


class Config(Options):
    """It has no settings."""


def build(config: Config, *, segments: pa.Table, videos: pa.Table | None = None) -> pa.Table:
    """One sample a segment, in the same order: window and target are the segment.

    A whole clip stops with the last frame of its video, as it was probed; one whose video was skipped is
    dropped. Raises DataError for whole clips where no video was probed.
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
    ends = np.array(stops, dtype=np.float64)
    times_s = {
        "window_start_s": starts, "window_stop_s": ends, "target_start_s": starts, "target_stop_s": ends,
    }  # fmt: skip
    return of_segments(segments, times_s, dropped)
