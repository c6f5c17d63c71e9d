"""The stage from segments to samples: what no model of the run may see is listed, or dropped for all of them
with its reason.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tiny_epic55 import write_given, write_labels

from foretaste.annotations import epic55
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import BOXES, SAMPLES, SEGMENTS, VIDEOS, read_table, write_table
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.step import Step
from foretaste.settings.catalogue import Catalogue
from foretaste.stages import make_samples

ROOT = Path(__file__).parents[2]
WINDOWS = {"kind": "anticipation", "tau_a": 1.0, "tau_o": 5.0}
FEATURES = [{"view": {"kind": "features", "frames": 4, "rate": 1.0}, "backbone": "given"}]
CLIP = [{"view": {"kind": "clip", "frames": 2}, "backbone": None}]


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    """10 segments in each of 4 videos, at 0.4 s, 2.4 s ... 18.4 s; ids count through."""
    root = tmp_path_factory.mktemp("labels")
    write_labels(root)
    read = epic55.build(epic55.Config(), root=root, dataset="epic55").read()
    assert not read.issues
    write_table(root / "segments.parquet", SEGMENTS, read.segments)
    return root / "segments.parquet"


def run(segments, out, config, earliest_stop_s=None, **inputs):
    step = Step(
        stage="make_samples",
        inputs={"segments": segments, **inputs},
        outputs={"samples": out / "samples.parquet"},
        config={"task": {**WINDOWS, "earliest_stop_s": earliest_stop_s}, "dataset": "epic55", **config},
        scratch=out / "scratch",
    )
    make_samples.run(step)
    rows = read_table(step.outputs["samples"], SAMPLES).to_pylist()
    return {
        int(row["sample_id"]): row["dropped_because"] for row in rows if row["dropped_because"] is not None
    }


EARLY = "window ends before the first frame"


def test_a_window_that_ends_before_the_first_frame_is_listed_and_may_be_dropped(segments, tmp_path):
    given = [write_given(tmp_path / "0.h5")]
    with pytest.raises(DataError) as raised:
        run(segments, tmp_path, {"views": FEATURES, "on_bad_input": "fail"}, features_given=given)
    message = str(raised.value)
    assert message.startswith("4 samples that a model of this run cannot see: ")
    for number, video in ((0, "P01_01"), (10, "P01_02"), (20, "P02_01"), (30, "P02_02")):
        assert f"{number} ({video}): {EARLY}" in message
    assert "earliest_stop_s in workflow/datasets/epic55.yaml" in message and "on_bad_input: skip" in message
    assert not (tmp_path / "samples.parquet").exists()
    found = run(segments, tmp_path, {"views": FEATURES, "on_bad_input": "skip"}, features_given=given)
    assert found == dict.fromkeys((0, 10, 20, 30), EARLY)


def test_the_datasets_own_rule_is_no_error(segments, tmp_path, capsys):
    config = {"views": FEATURES, "on_bad_input": "fail"}
    given = [write_given(tmp_path / "0.h5")]
    found = run(segments, tmp_path, config, earliest_stop_s=1 / 30, features_given=given)
    assert found == dict.fromkeys((0, 10, 20, 30), "window stops before 0.03333 s")
    said = capsys.readouterr().err
    assert "training: 18 samples\n" in said and "training: dropped 2: window stops before 0.03333 s\n" in said


def test_features_that_are_given_decide_sample_by_sample(segments, tmp_path):
    """P01_01 has vectors of 0 to 9.5 s, P01_02 of 3 s on, P02_01 a NaN at 4 s, P02_02 vectors of 0 to 9.5 s;
    windows reach back 3 s."""
    change = {"P01_01": slice(0, 20), "P01_02": slice(6, None)}
    given = [
        write_given(tmp_path / "0.h5", ("P01_01", "P01_02", "P02_01"), change=change, nan="P02_01"),
        write_given(tmp_path / "1.h5", ("P02_02",), frames=20),
    ]
    config = {"views": FEATURES, "on_bad_input": "skip"}
    found = run(segments, tmp_path, config, earliest_stop_s=0.0, features_given=given)
    reasons = {
        "window stops before 0 s": [0, 10, 20, 30],
        "window stops after the features of its video": [*range(6, 10), *range(36, 40)],
        "window starts before the features of its video": [11, 12, 13],
        # Windows end at 1.4, 3.4 ... 17.4 s, on the grid at 1.0, 3.0 ... 17.0 s: those of 5.0 and 7.0 s show
        # the vector at 4.0 s.
        "window shows features that are not finite (NaN or infinite)": [23, 24],
    }
    assert found == {number: reason for reason, numbers in reasons.items() for number in numbers}


def test_a_video_without_features_is_named_as_such(segments, tmp_path):
    config = {"views": FEATURES, "on_bad_input": "fail"}
    with pytest.raises(
        DataError, match=r"^9 samples that .*: 11 \(P01_02\): no features of its video; 12 \(P01_02\)"
    ):
        run(
            segments,
            tmp_path,
            config,
            earliest_stop_s=1 / 30,
            features_given=[write_given(tmp_path / "0.h5", ("P01_01", "P02_01", "P02_02"))],
        )


def write_videos(path, rows, frames=9, fps=9):
    """Of videos (name, seconds), as if they had been probed."""
    columns = {"video_id": [row[0] for row in rows], "duration_s": [row[1] for row in rows]}
    common = {
        "modality": "rgb",
        "path": "x.mp4",
        "width": 8,
        "height": 8,
        "frames": frames,
        "rate_fps": float(fps),
        "codec": "h264",
        "stream": 0,
        "streams": 1,
        "rotation": 0,
        "mirrored": False,
        "pixel_aspect": 1.0,
        "digest": "",
        "sound_end_s": None,
        "time_base": f"1/{fps}",
        "pts": list(range(frames)),
        "flags": [1] * frames,
        "places": None,
    }
    columns |= {name: [value] * len(rows) for name, value in common.items()}
    write_table(path, VIDEOS, {name: columns[name] for name in VIDEOS.schema.names})
    return path


def test_frames_ask_the_table_of_videos(segments, tmp_path):
    rows = [("P01_01", 10.0), ("P02_01", 100.0), ("P02_02", 100.0)]
    videos = write_videos(tmp_path / "videos.parquet", rows)
    found = run(segments, tmp_path, {"views": CLIP, "on_bad_input": "skip"}, videos=videos)
    late = "window stops after the end of the video"
    gone = dict.fromkeys(range(11, 20), "no usable video")
    assert found == {**dict.fromkeys((0, 10, 20, 30), EARLY), **dict.fromkeys(range(6, 10), late), **gone}


def test_reasons_that_differ_in_numbers_alone_are_one_line(segments, tmp_path, capsys, monkeypatch):
    """Boxes end at 1.5 s; every window that begins later has a reason of its own."""
    names = ("P01_01", "P01_02", "P02_01", "P02_02")
    rows = [(name, tick / 10) for name in names for tick in range(16)]
    columns = dict(zip(("video_id", "time_s"), zip(*rows, strict=True), strict=True))
    edges = {"x0": 0.1, "y0": 0.1, "x1": 0.9, "y1": 0.9, "label": "cup", "track": None, "score": None}
    columns |= {name: [value] * len(rows) for name, value in edges.items()}
    write_table(tmp_path / "boxes.parquet", BOXES, {name: columns[name] for name in BOXES.schema.names})
    videos = write_videos(tmp_path / "videos.parquet", [(name, 20.0) for name in names], 200, 10)
    inputs = {"videos": videos, "boxes": tmp_path / "boxes.parquet"}
    views = {"views": [{"view": {"kind": "boxes", "frames": 2, "rate": 10.0}, "backbone": None}]}
    found = run(segments, tmp_path, {**views, "on_bad_input": "skip"}, **inputs)
    reasons = {found[number] for number in range(2, 10)}
    assert len(reasons) == 8 and "its boxes end at 1.50 s, before the window (3.30 s)" in reasons
    said = capsys.readouterr().err
    assert said.count(" dropped ") == 4  # of two splits
    line = "training: dropped 16, such as: its boxes end at 1.50 s, before the window (3.30 s)\n"
    assert line in said and f"training: dropped 2: {EARLY}\n" in said
    # An error that cannot list all of them says the same.
    monkeypatch.setattr(make_samples, "LISTED", 2)
    with pytest.raises(DataError, match=r"; \.\.\. in all 32, such as: its boxes end .*, 4: window ends"):
        run(segments, tmp_path, {**views, "on_bad_input": "fail"}, **inputs)


def test_features_that_are_yet_to_be_made_are_asked_for_times_alone(segments, tmp_path):
    found = run(segments, tmp_path, {"views": FEATURES, "on_bad_input": "skip"})
    assert found == dict.fromkeys((0, 10, 20, 30), EARLY)


def test_text_alone_keeps_every_segment(segments, tmp_path):
    assert run(segments, tmp_path, {}) == {}


def planned(data_root, dataset="epic55", **settings):
    plan = Plan(Catalogue({"dataset": dataset, "data_root": str(data_root), **settings}, ROOT))
    return plan.describe("make_samples", {"dataset": dataset, "task": "anticipation"})


def test_which_runs_have_video(tmp_path):
    """Without feature files a run is one of text alone; with them every system is asked whether a model of it
    sees them.
    """
    text = planned(tmp_path)
    assert (
        set(text.inputs) == {"segments"}
        and "earliest_stop_s" not in text.config["task"]
        and "views" not in text.config
    )
    path = write_given(tmp_path / "features" / "ircsn152" / "0.h5")
    video = planned(tmp_path)
    assert (
        video.inputs["features_ircsn152"] == [str(path)] and video.config["task"]["earliest_stop_s"] == 1 / 30
    )
    assert [one["view"]["kind"] for one in video.config["views"]] == ["features"]
    assert planned(tmp_path, systems="lm_avt_counts") == text


def test_samples_wait_for_features_that_are_made_here_only_where_bad_ones_are_skipped():
    """Text teachers of a generated kitchen need no video; where videos are left out they must know which."""
    assert set(planned("data", "kitchen").inputs) == {"segments"}
    assert set(planned("data", "kitchen", on_bad_input="skip").inputs) == {
        "segments",
        "videos",
        "features_frames",
    }


@pytest.mark.parametrize("times", ["official", "rulstm_30fps"])
def test_epic_55_has_the_published_numbers(shared_data, tmp_path, times):
    """Girdhar and Grauman drop 63 training and 10 validation segments, whichever clock; text teachers score
    all of them.
    """
    config = epic55.Config(official="epic55", rulstm="rulstm/ek55", times=times)
    read = epic55.build(config, root=shared_data, dataset="epic55").read()
    write_table(tmp_path / "segments.parquet", SEGMENTS, read.segments)
    path = write_given(tmp_path / "features" / "ircsn152" / "0.h5")
    wanted = {True: {"training": 23430, "validation": 4969}, False: {"training": 23493, "validation": 4979}}
    for with_video, counts in wanted.items():
        if not with_video:
            path.unlink()
        settings = planned(tmp_path).config
        assert ("views" in settings) == with_video
        run(tmp_path / "segments.parquet", tmp_path, {}, settings["task"].get("earliest_stop_s"))
        rows = read_table(tmp_path / "samples.parquet", SAMPLES).to_pylist()
        assert Counter(row["split"] for row in rows if row["dropped_because"] is None) == counts
