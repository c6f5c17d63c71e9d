import numpy as np
import pytest
from test_recognition import videos

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table, write_table
from foretaste.settings import families

SETTINGS = {"kind": "pairs", "tau_a": 1.0, "tau_o": 2.0, "count": 300, "vicinity_s": 3.0}


def pairs(segments, probed, **settings):
    return families.build("tasks", {**SETTINGS, **settings}, segments=segments, videos=probed)


@pytest.fixture
def segments(make_segments):
    rows = [("a", "v", 20.0, 22.0), ("b", "v", 40.0, 41.0), ("c", "w", 1.0, 2.0), ("d", "x", 5.0, 6.0)]
    return make_segments(rows, splits=["training", "validation", "training", "validation"])


def test_windows_lie_tau_a_apart_in_the_vicinity_of_training_segments_alone(segments, tmp_path):
    table = pairs(segments, videos(v=60.0, w=30.0, x=30.0))
    write_table(tmp_path / "pairs.parquet", SAMPLES, table)
    rows = read_table(tmp_path / "pairs.parquet", SAMPLES).to_pylist()
    assert len(rows) == 300 and {row["split"] for row in rows} == {"training"}
    assert {row["video_id"] for row in rows} == {"v", "w"}
    for row in rows:
        assert row["segment_id"] is None and row["action_id"] is None and row["dropped_because"] is None
        t = row["target_start_s"]
        near = (17.0, 25.0) if row["video_id"] == "v" else (3.0, 5.0)  # the video begins at 0
        assert near[0] <= t <= near[1]
        got = [row["window_start_s"], row["window_stop_s"], row["target_stop_s"]]
        assert got == pytest.approx([t - 3.0, t - 1.0, t + 2.0])
    starts = np.array([row["target_start_s"] for row in rows if row["video_id"] == "v"])
    assert starts.min() < 18.0 and starts.max() > 24.0


def test_no_window_shows_a_segment_that_is_measured(segments):
    rows = pairs(segments, videos(v=60.0, w=30.0, x=30.0), vicinity_s=30.0).to_pylist()
    mine = [row for row in rows if row["video_id"] == "v"]
    assert len(mine) > 100
    for row in mine:
        for part in ("window", "target"):
            assert row[f"{part}_stop_s"] <= 40.0 or row[f"{part}_start_s"] >= 41.0


def test_equal_seeds_draw_equal_pairs(segments):
    probed = videos(v=60.0, w=30.0)
    assert pairs(segments, probed) == pairs(segments, probed)
    assert pairs(segments, probed, seed=1) != pairs(segments, probed)


def test_no_room_is_said(segments):
    with pytest.raises(DataError, match=r"room for 0 of 300 pairs.*training segments.*longer than 5 s"):
        pairs(segments, videos(v=4.0))


def test_videos_without_any_segment_are_drawn_from_when_they_are_asked_for(segments):
    probed = videos(v=60.0, w=30.0, x=30.0, y=9.0, z=40.0)
    assert {row["video_id"] for row in pairs(segments, probed).to_pylist()} == {"v", "w"}
    rows = pairs(segments, probed, unlabelled=200).to_pylist()
    assert rows[:300] == pairs(segments, probed).to_pylist()
    added = rows[300:]
    assert len(added) == 200 and {row["video_id"] for row in added} == {"y", "z"}
    ends = {"y": 9.0, "z": 40.0}
    for row in added:
        assert row["split"] == "training" and row["segment_id"] is None and row["action_id"] is None
        assert row["window_start_s"] >= 0 and row["target_stop_s"] <= ends[row["video_id"]]
    far = [row["target_start_s"] for row in added if row["video_id"] == "z"]
    assert min(far) < 6.0 and max(far) > 34.0
    with pytest.raises(DataError, match=r"room for 0 of 5 pairs.*no segment.*unlabelled: true"):
        pairs(segments, videos(v=60.0, w=30.0, x=30.0), unlabelled=5)
