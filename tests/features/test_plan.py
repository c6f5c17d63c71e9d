"""The union of wanted frames is what the windows show, and nothing else."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from foretaste.features.plan import of_shard, wanted_frames
from foretaste.video.windows import grid_span, window_indices

windows = st.lists(st.tuples(st.sampled_from("abc"), st.floats(-5, 60), st.floats(0.5, 12), st.booleans()), max_size=12)


def table(rows):
    return pa.table({
        "video_id": pa.array([row[0] for row in rows], pa.string()),
        "window_start_s": pa.array([row[1] for row in rows], pa.float64()),
        "window_stop_s": pa.array([max(row[1] + row[2], 0.0) for row in rows], pa.float64()),
        "dropped_because": pa.array(["too early" if row[3] else None for row in rows], pa.string()),
    })  # fmt: skip


@given(windows)
def test_union_of_all_usable_windows(rows):
    plan = wanted_frames(table(rows), 4.0)
    brute = {}
    for video_id, start_s, length, dropped in rows:
        if not dropped:
            brute.setdefault(video_id, set()).update(grid_span(start_s, max(start_s + length, 0.0), 4.0))
    assert {name: set(k.tolist()) for name, k in plan.items()} == brute
    assert all((np.diff(k) > 0).all() for k in plan.values())


@given(windows, st.sampled_from([1.0, 2.0, 4.0]))
def test_every_window_finds_its_frames(rows, rate):
    plan = wanted_frames(table(rows), 4.0)
    for video_id, start_s, length, dropped in rows:
        if not dropped:
            asked = window_indices(start_s, max(start_s + length, 0.0), frames=10, rate=rate, grid_fps=4.0)
            assert set(asked) <= set(plan[video_id])


def test_shards_part_the_videos():
    names = [f"v{i}" for i in range(10)]
    parts = [of_shard(names, shard, 3) for shard in range(3)]
    assert sorted(name for part in parts for name in part) == names and max(map(len, parts)) - min(map(len, parts)) <= 1
