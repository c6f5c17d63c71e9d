import json

import numpy as np
import pytest
from spaces import anticipated

from foretaste.contracts.tables import SAMPLES, write_table
from foretaste.tasks.rows import dropped


def test_the_window_stops_tau_a_before_the_action(make_segments, tmp_path):
    segments = make_segments([("a", "v", 20.0, 22.5), ("b", "v", 3.0, 4.0)], actions=[3, None])
    samples = anticipated(segments, tau_a=1.0, tau_o=10.0)
    assert samples.to_pylist() == [
        {
            "sample_id": "a",
            "segment_id": "a",
            "video_id": "v",
            "split": "training",
            "window_start_s": 9.0,
            "window_stop_s": 19.0,
            "target_start_s": 20.0,
            "target_stop_s": 22.5,
            "dropped_because": None,
            "action_id": 3,
            "verb_id": 3,
            "noun_id": 3,
        },
        {
            "sample_id": "b",
            "segment_id": "b",
            "video_id": "v",
            "split": "training",
            "window_start_s": -8.0,
            "window_stop_s": 2.0,
            "target_start_s": 3.0,
            "target_stop_s": 4.0,
            "dropped_because": None,
            "action_id": None,
            "verb_id": None,
            "noun_id": None,
        },
    ]
    write_table(tmp_path / "samples.parquet", SAMPLES, samples)


def test_the_target_is_as_much_of_the_action_as_is_asked_for(make_segments):
    segments = make_segments([("a", "v", 20.0, 22.5), ("b", "v", 3.0, 3.5)])
    rows = anticipated(segments, tau_a=1.0, tau_o=10.0, target_s=1.0).to_pylist()
    assert [row["target_stop_s"] for row in rows] == [21.0, 3.5]


def test_what_is_dropped_keeps_its_first_reason(make_segments, tmp_path):
    segments = make_segments([("a", "v", 20.0, 22.5), ("b", "w", 0.5, 4.0), ("c", "w", 6.0, 7.0)])
    samples = anticipated(segments, tau_a=1.0, tau_o=10.0, earliest_stop_s=0.0)
    left = dropped(samples, np.array([None, "unseen", "unseen"], dtype=object))
    assert left.column("dropped_because").to_pylist() == [None, "window stops before 0 s", "unseen"]
    assert left.drop_columns("dropped_because") == samples.drop_columns("dropped_because")
    write_table(tmp_path / "samples.parquet", SAMPLES, left)


def test_windows_and_the_drop_rule_are_avts(shared_golden, make_segments):
    golden = json.loads((shared_golden / "sampling.json").read_text())
    segments = make_segments(
        [(s["uid"], s["video"], s["start_frame"] / 30, s["end_frame"] / 30) for s in golden["segments"]]
    )
    assert golden["cases"]
    for case in golden["cases"]:
        times = {name: case["config"][name] for name in ("tau_a", "tau_o")}
        samples = anticipated(segments, **times, earliest_stop_s=1 / 30)
        rows = {int(row["sample_id"]): row for row in samples.to_pylist()}
        assert sorted(uid for uid, row in rows.items() if row["dropped_because"] is None) == sorted(
            case["kept_uids"]
        )
        assert sorted(uid for uid, row in rows.items() if row["dropped_because"]) == sorted(
            case["discarded_uids"]
        )
        for sample in case["samples"]:
            row = rows[sample["uid"]]
            assert row["window_start_s"] == pytest.approx(sample["obs_start_s"], abs=1e-9)
            assert row["window_stop_s"] == pytest.approx(sample["obs_end_s"], abs=1e-9)
