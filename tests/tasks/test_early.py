import numpy as np
import pytest
from test_recognition import videos

from foretaste.settings import families

SETTINGS = {"kind": "early", "tau_a": 0.7, "tau_o": 0.8, "share": 0.2, "windows": 3}


def early(segments, probed=None, **settings):
    task = {**SETTINGS, **settings}
    return families.build("tasks", task, segments=segments, videos=probed).to_pylist()


def test_what_is_measured_sees_the_first_share_of_the_frames_and_no_more(make_segments):
    """A clip of n frames: the frames up to the window's stop are a fifth of them, rounded up."""
    for frames in range(15, 41):
        clip = make_segments([("a", "v", 0.0, None)], splits=["test"])
        (row,) = early(clip, videos(v=frames / 10), tau_a=0.2)
        shown = np.arange(frames) / 10 <= row["window_stop_s"] + 1e-9
        assert shown.sum() == -(-frames // 5) and row["sample_id"] == "a"


def test_a_training_segment_makes_windows_up_to_the_last_whose_target_it_holds(make_segments):
    rows = early(make_segments([("a", "v", 10.0, 20.0), ("b", "w", 0.0, 5.0)], splits=["training"] * 2))
    assert [row["sample_id"] for row in rows] == ["a:0", "a:1", "a:2", "b:0", "b:1", "b:2"]
    assert {row["segment_id"] for row in rows[:3]} == {"a"} and {row["action_id"] for row in rows} == {0}
    assert [row["window_stop_s"] for row in rows[:3]] == pytest.approx([12.0, 15.25, 18.5])
    for row in rows:
        assert row["window_start_s"] == pytest.approx(row["window_stop_s"] - 0.8)
        assert row["target_start_s"] == pytest.approx(row["window_stop_s"] + 0.7)
        assert row["target_stop_s"] == pytest.approx(row["target_start_s"] + 0.8)


def test_of_a_clip_that_is_too_short_the_target_is_what_is_left(make_segments):
    (row,) = early(make_segments([("a", "v", 0.0, 1.0)], splits=["training"]), windows=1)
    times = [row[f"{part}_{end}_s"] for part in ("window", "target") for end in ("start", "stop")]
    assert times == pytest.approx([0.0, 0.2, 0.9, 1.0]) and row["dropped_because"] is None


def test_a_clip_with_nothing_left_is_dropped_and_says_so(make_segments):
    clips = make_segments([("a", "v", 0.0, None), ("b", "w", 0.0, None)], splits=["training"] * 2)
    rows = early(clips, videos(v=0.9), windows=1)
    assert [row["dropped_because"] for row in rows] == [
        "ends within 0.7 s after its window",
        "no usable video",
    ]
