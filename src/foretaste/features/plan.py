"""Which frames are worth a backbone's time: the grid frames that some sample's window may show, each once.

A backbone that reads every window by itself decodes and computes a frame as often as windows overlap (2.6
times for 10 s windows on EPIC-55); one pass over the union serves every window, every rate that divides the
grid, and every student.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from foretaste.contracts.issues import Issue
from foretaste.video.frame_table import FrameTable
from foretaste.video.windows import grid_span


def wanted_frames(samples: pa.Table, grid_fps: float) -> dict[str, np.ndarray]:
    """video_id -> ascending grid indices (n,) int64 of all frames in the windows of the usable ``samples``
    (SAMPLES table).
    """
    columns = ("video_id", "window_start_s", "window_stop_s", "dropped_because")
    spans: dict[str, list[range]] = defaultdict(list)
    for video_id, start_s, stop_s, dropped in zip(*(samples.column(name).to_pylist() for name in columns)):
        span = grid_span(start_s, stop_s, grid_fps)
        # A window that ends before the first frame shows nothing, and its span stops at or before 0.
        if dropped is None and span:
            spans[video_id].append(span)
    return {video_id: _union(spans[video_id]) for video_id in sorted(spans)}


def late_windows(samples: pa.Table, videos: Mapping[str, FrameTable], grid_fps: float) -> list[Issue]:
    """An issue for each usable sample of ``videos`` whose window shows a grid time after
    the video's end.
    """
    issues = []
    names = ("sample_id", "video_id", "window_start_s", "window_stop_s", "dropped_because")
    columns = [samples.column(name).to_pylist() for name in names]
    for sample_id, video_id, start_s, stop_s, dropped in zip(*columns):
        span = grid_span(start_s, stop_s, grid_fps)
        if dropped is not None or not span or video_id not in videos:
            continue
        video, last_s = videos[video_id], span[-1] / grid_fps
        if last_s >= video.end_s:
            reason = f"window ends at {last_s:.2f} s, past the end of the video ({video.end_s:.2f} s)"
            issues.append(Issue(file=video.name, row=f"sample {sample_id}", key=video_id, reason=reason))
    return issues


def of_shard(names: list[str], shard: int, shards: int) -> list[str]:
    """The names that shard ``shard`` of ``shards`` holds."""
    return sorted(names)[shard::shards]


def _union(spans: list[range]) -> np.ndarray:
    seen = np.zeros(max(span.stop for span in spans), dtype=bool)
    for span in spans:
        seen[span.start : span.stop] = True
    return np.flatnonzero(seen)
