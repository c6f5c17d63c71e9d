import pyarrow as pa
import pytest
from spaces import anticipated

from foretaste.contracts.errors import DataError
from foretaste.settings import families


def videos(**seconds):
    """The columns of VIDEOS that tasks read, at 10 frames a second."""
    return pa.table(
        {
            "video_id": list(seconds),
            "duration_s": list(seconds.values()),
            "rate_fps": [10.0] * len(seconds),
        }
    )


def recognised(segments, probed=None):
    return families.build("tasks", {"kind": "recognition"}, segments=segments, videos=probed).to_pylist()


def test_the_window_is_the_segment(make_segments):
    (row,) = recognised(make_segments([("a", "v", 2.0, 5.5)], actions=[3]))
    times = [row[f"{part}_{end}_s"] for part in ("window", "target") for end in ("start", "stop")]
    assert times == [2.0, 5.5, 2.0, 5.5] and row["action_id"] == 3 and row["dropped_because"] is None


def test_a_whole_clip_stops_with_the_last_frame_of_its_video(make_segments):
    clips = make_segments([("a", "v", 0.0, None), ("b", "w", 0.0, None), ("c", "v", 1.0, 2.0)])
    first, lost, timed = recognised(clips, videos(v=4.0))
    assert first["window_stop_s"] == first["target_stop_s"] == pytest.approx(3.9)
    assert lost["dropped_because"] == "no usable video" and timed["window_stop_s"] == 2.0
    with pytest.raises(DataError, match="2 segments without a stop, and no videos"):
        recognised(clips)


def test_nothing_stands_before_a_whole_clip(make_segments):
    with pytest.raises(DataError, match="segments without a stop"):
        anticipated(make_segments([("a", "v", 0.0, None)]), tau_a=1.0, tau_o=2.0)
