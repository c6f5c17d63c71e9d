"""The union of wanted frames is what the windows show, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from foretaste.features.plan import late_windows, of_shard, wanted_frames
from foretaste.video.windows import grid_index, window_indices

#: Some end before the first frame.
windows = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(-15, 60), st.floats(0.5, 12), st.booleans()), max_size=12
)


def table(rows):
    return pa.table(
        {
            "video_id": pa.array([row[0] for row in rows], pa.string()),
            "window_start_s": pa.array([row[1] for row in rows], pa.float64()),
            "window_stop_s": pa.array([row[1] + row[2] for row in rows], pa.float64()),
            "dropped_because": pa.array(["too early" if row[3] else None for row in rows], pa.string()),
        }
    )


@given(windows)
def test_union_of_all_usable_windows(rows):
    plan = wanted_frames(table(rows), 4.0)
    brute = {}
    for video_id, start_s, length, dropped in rows:
        shown = [
            k for k in range(4 * 75) if grid_index(max(start_s, 0.0), 4.0) <= k <= (start_s + length) * 4.0
        ]
        if shown and not dropped:
            brute.setdefault(video_id, set()).update(shown)
    assert {name: set(k.tolist()) for name, k in plan.items()} == brute
    assert all((np.diff(k) > 0).all() for k in plan.values())


@given(windows, st.sampled_from([1.0, 2.0, 4.0]))
def test_every_window_finds_its_frames(rows, rate):
    plan = wanted_frames(table(rows), 4.0)
    for video_id, start_s, length, dropped in rows:
        if not dropped and start_s + length >= 0.0:
            asked = window_indices(start_s, start_s + length, frames=10, rate=rate, grid_fps=4.0)
            assert set(asked) <= set(plan[video_id])


def test_windows_that_end_before_the_first_frame_ask_for_nothing():
    early, late = ("a", -6.0, 5.0, False), ("a", 100.0, 5.0, False)
    assert len(wanted_frames(table([early, late]), 4.0)["a"]) == 21
    assert wanted_frames(table([early]), 4.0) == {}


def test_windows_past_the_end_are_listed_by_sample():
    rows = [
        ("a", -6.0, 5.0, False),
        ("a", 1.0, 4.0, False),
        ("a", 2.0, 4.0, False),
        ("a", 9.0, 4.0, True),
        ("b", 9.0, 4.0, False),
    ]
    samples = table(rows).append_column("sample_id", pa.array(list("vwxyz")))
    (issue,) = late_windows(samples, {"a": SimpleNamespace(name="A/a.mp4", end_s=5.5)}, 4.0)
    assert str(issue) == "A/a.mp4, sample x, a: window ends at 6.00 s, past the end of the video (5.50 s)"


def test_shards_part_the_videos():
    names = [f"v{i}" for i in range(10)]
    parts = [of_shard(names, shard, 3) for shard in range(3)]
    assert (
        sorted(name for part in parts for name in part) == names
        and max(map(len, parts)) - min(map(len, parts)) <= 1
    )
