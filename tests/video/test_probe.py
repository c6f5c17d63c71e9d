"""Probing a folder: rows for the videos that can be used, an issue that names file and reason for each that
cannot.
"""

from __future__ import annotations

import hashlib
import re

import barcode
import numpy as np
import pyarrow as pa
import pytest
from spaces import SEGMENTS_OF_THREE

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import ISSUES, SEGMENTS, VIDEOS, read_table, write_table
from foretaste.pipeline.step import Step
from foretaste.pipeline.video_files import video_files
from foretaste.stages import probe_videos
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import inside, look_at
from foretaste.video.probe import probe
from foretaste.video.remarks import Taken, remarks


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    (folder / "P01").mkdir()
    barcode.write_clip(folder / "P01" / "P01_01.MP4", 30)
    barcode.write_clip(folder / "b.mkv", 24, ticks=[i * 60 + i % 2 * 30 for i in range(24)])
    barcode.write_clip(folder / "c.avi", codec="mpeg4")
    barcode.write_clip(folder / "d.webm", codec="libvpx")
    barcode.write_clip(folder / "e.gif", codec="gif")
    cut = barcode.write_clip(folder / "f.mp4", faststart=True)
    cut.write_bytes(cut.read_bytes()[:-800])
    (folder / "g.mp4").write_bytes(b"")
    barcode.write_clip(folder / "h.mp4")
    barcode.write_clip(folder / "h.mkv")
    (folder / "notes.txt").write_text("not a video")
    return folder


def test_rows_and_issues(folder, tmp_path):
    columns, issues = probe(folder, video_files(folder).items())
    write_table(tmp_path / "videos.parquet", VIDEOS, columns)
    rows = {row["video_id"]: row for row in read_table(tmp_path / "videos.parquet", VIDEOS).to_pylist()}
    assert sorted(rows) == ["P01_01", "b", "c", "d", "e"]
    first = rows["P01_01"]
    assert first["path"] == "P01/P01_01.MP4"
    assert (first["frames"], first["duration_s"], first["rate_fps"], first["codec"]) == (
        30,
        3.0,
        10.0,
        "h264",
    )
    assert (first["width"], first["height"], first["rotation"]) == (64, 48, 0)
    assert first["digest"] == hashlib.sha256((folder / first["path"]).read_bytes()).hexdigest()
    assert [rows[name]["rate_fps"] for name in "bcde"] == [pytest.approx(23 / 2.35), 10.0, 10.0, 10.0]
    assert [rows[name]["duration_s"] for name in "cde"] == [pytest.approx(4.8)] * 3
    reasons = {issue.file: issue.reason for issue in issues}
    assert sorted(reasons) == ["f.mp4", "g.mp4", "h.mkv"]
    assert re.match(r"FFmpeg|cut off|its container says", reasons["f.mp4"])
    assert "h.mkv, h.mp4" in reasons["h.mkv"]


def test_missing_videos_are_named(folder):
    files = [("b", [folder / "b.mkv"])]
    columns, issues = probe(folder, files, {"b": 0.0, "P09_09": 0.0})
    assert columns["video_id"] == ["b"]
    assert [(issue.key, issue.reason) for issue in issues] == [("P09_09", "no video file of that name")]


def test_damage_in_the_middle_is_found_where_every_frame_is_decoded(tmp_path):
    """Zeros between two key frames: the packets and both ends are as they were."""
    for name in ("whole.mp4", "hole.mp4"):
        barcode.write_clip(tmp_path / name, 300)
    data = (tmp_path / "hole.mp4").read_bytes()
    middle = len(data) // 3
    (tmp_path / "hole.mp4").write_bytes(data[:middle] + bytes(2000) + data[middle + 2000 :])
    columns, issues = probe(tmp_path, video_files(tmp_path).items())
    assert columns["video_id"] == ["hole", "whole"] and not issues
    columns, issues = probe(tmp_path, video_files(tmp_path).items(), every_frame=True)
    assert columns["video_id"] == ["whole"] and [issue.file for issue in issues] == ["hole.mp4"]
    _, again = probe(tmp_path, video_files(tmp_path).items(), every_frame=True)
    assert again == issues, "equal runs give equal issues"
    assert re.fullmatch(r"the frame at \d+\.\d{3} s (is damaged|does not decode.*)", issues[0].reason)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_probed_with_every_frame_decodes_later(tmp_path, seed):
    """Damage anywhere: whatever passes the probe gives any frame that anyone asks for."""
    barcode.write_clip(tmp_path / "a.mp4", 120)
    rng = np.random.default_rng(seed)
    data = bytearray((tmp_path / "a.mp4").read_bytes())
    start, length = int(rng.integers(100, len(data) - 100)), int(rng.integers(1, 2000))
    data[start : start + length] = bytes(len(data[start : start + length]))
    (tmp_path / "a.mp4").write_bytes(data)
    columns, issues = probe(tmp_path, video_files(tmp_path).items(), every_frame=True)
    assert len(columns["video_id"]) + len(issues) == 1
    if not issues:
        video = look_at(tmp_path / "a.mp4")
        for _ in range(5):
            frames_at(video, rng.uniform(0, video.end_s, 20))


def test_a_wanted_video_under_another_name_is_said(tmp_path):
    for name in ("README", "P01_01.txt", "P01_01.mp5", "P03_01.txt"):
        (tmp_path / name).write_text("no video")
    barcode.write_clip(tmp_path / "P03_01.mp4", 30)
    (tmp_path / "P02_01.mp4").symlink_to(tmp_path / "nowhere.mp4")
    barcode.write_clip(tmp_path / "p04_01.mp4", 30)
    wanted = dict.fromkeys(("P01_01", "P02_01", "P03_01", "P03_01.mp4", "P04_01"), 0.0)
    files = [(name, paths) for name, paths in video_files(tmp_path).items() if name in wanted]
    columns, issues = probe(tmp_path, files, wanted)
    assert columns["path"] == ["P03_01.mp4"], "what lies beside a video is left alone"
    assert {issue.key: issue.reason for issue in issues} == {
        "P01_01": "no video file of that name (there is P01_01.mp5, P01_01.txt)",
        "P02_01": "not a file, or a link to nothing",
        "P03_01.mp4": "no video file of that name (there is P03_01.mp4, P03_01.txt: the labels are to name it"
        " without its suffix)",
        "P04_01": "no video file of that name (there is p04_01.mp4)",
    }


@pytest.mark.parametrize("outside", ["../secret.mp4", "/etc/passwd", "a/../../b.mp4"])
def test_paths_stay_inside_their_folder(folder, outside):
    with pytest.raises(DataError, match="inside this folder"):
        inside(folder, outside)
    with pytest.raises(ConfigError, match="inside this folder"):
        video_files(folder, outside)
    assert inside(folder, "P01/a..b.mp4") == folder / "P01" / "a..b.mp4"


def segments(path, *video_ids):
    n = len(video_ids)
    columns = {field.name: [None] * n for field in SEGMENTS_OF_THREE} | {
        "segment_id": [str(i) for i in range(n)],
        "dataset": ["d"] * n,
        "split": ["train"] * n,
        "video_id": list(video_ids),
        "start_s": [0.0] * n,
        "stop_s": [1.0] * n,
    }
    write_table(path, SEGMENTS, columns)
    return path


def step(tmp_path, folder, on_bad_input, *wanted):
    return Step(
        stage="probe_videos",
        inputs={"segments": segments(tmp_path / "segments.parquet", *wanted)},
        outputs={"videos": tmp_path / "videos.parquet", "issues": tmp_path / "issues.parquet"},
        config={
            "video_folders": {"rgb": str(folder)},
            "patterns": {"rgb": "**/*"},
            "on_bad_input": on_bad_input,
        },
        scratch=tmp_path,
    )


def test_stage_skips_and_says_so(folder, tmp_path):
    probe_videos.run(step(tmp_path, folder, "skip", "P01_01", "f", "nowhere"))
    assert read_table(tmp_path / "videos.parquet", VIDEOS)["video_id"].to_pylist() == ["P01_01"]
    issues = read_table(tmp_path / "issues.parquet", ISSUES)
    assert issues["file"].to_pylist() == ["f.mp4", "nowhere.*"]
    assert set(issues["stage"].to_pylist()) == {"probe_videos"} and set(issues["action"].to_pylist()) == {
        "skipped"
    }


def test_stage_leaves_files_that_no_segment_is_of_alone_unless_told(folder, tmp_path):
    told = step(tmp_path, folder, "skip", "P01_01", "nowhere")
    probe_videos.run(told)
    assert read_table(tmp_path / "videos.parquet", VIDEOS)["video_id"].to_pylist() == ["P01_01"]
    told.config["unlabelled"] = ["rgb"]
    probe_videos.run(told)
    videos = read_table(tmp_path / "videos.parquet", VIDEOS)["video_id"].to_pylist()
    assert {"P01_01", "b", "c", "d", "e"} <= set(videos)
    assert "nowhere.*" in read_table(tmp_path / "issues.parquet", ISSUES)["file"].to_pylist()


def test_stage_names_links_in_a_circle(tmp_path, capsys):
    (tmp_path / "videos" / "P01").mkdir(parents=True)
    barcode.write_clip(tmp_path / "videos" / "P01" / "a.mp4", 12)
    (tmp_path / "videos" / "P01" / "all").symlink_to(tmp_path / "videos")
    probe_videos.run(step(tmp_path, tmp_path / "videos", "fail", "a"))
    assert read_table(tmp_path / "videos.parquet", VIDEOS)["path"].to_pylist() == ["P01/a.mp4"]
    assert "P01/all: a link to a folder that it lies in" in capsys.readouterr().err


def test_stage_fails_with_every_bad_input_listed(folder, tmp_path):
    with pytest.raises(DataError) as raised:
        probe_videos.run(step(tmp_path, folder, "fail", "P01_01", "f", "g", "nowhere"))
    assert all(name in str(raised.value) for name in ("3 bad inputs", "f.mp4", "g.mp4", "nowhere"))
    assert not (tmp_path / "videos.parquet").exists() and not (tmp_path / "issues.parquet").exists()


def test_real_clips(shared_data):
    """Nine real clips decode, in six codecs; the damaged one is an issue."""
    columns, issues = probe(shared_data / "video", video_files(shared_data / "video").items())
    table = pa.table(columns)
    frames = dict(zip(table["video_id"].to_pylist(), table["frames"].to_pylist()))
    assert frames == {
        "arm_wrestle": 280,
        "counter_h265": 10,
        "ego_stir_pan": 60,
        "flip_pancake": 310,
        "knead_dough": 50,
        "makeup": 164,
        "pattern_av1": 125,
        "ssv2_121896": 132,
        "weightlift_19fps": 355,
    }
    assert [issue.file for issue in issues] == ["truncated.mp4"]


def test_a_stream_that_is_cut_off_is_told_by_its_annotations(tmp_path):
    """A transport stream does not say how long it is."""
    data = barcode.write_clip(tmp_path / "whole.ts", 60).read_bytes()
    (tmp_path / "half.ts").write_bytes(data[: len(data) // 2])
    files = video_files(tmp_path)
    columns, issues = probe(tmp_path, files.items(), {"half": 5.5, "whole": 5.5})
    assert columns["video_id"] == ["whole"]
    reason = r"cut off, or another video: it ends at \S+ s, and is annotated at 5\.50 s"
    assert re.fullmatch(reason, issues[0].reason)
    columns, issues = probe(tmp_path, files.items(), {"half": 1.0, "whole": 5.5})
    assert columns["video_id"] == ["half", "whole"] and not issues


def test_what_is_remarkable_is_said_and_what_features_cost(tmp_path):
    row = {"path": "a.mp4", "streams": 2, "codec": "h264", "duration_s": 90.0, "frames": 2700}
    rows = [row, {**row, "path": "b.mkv", "streams": 1, "codec": "vp9"}]
    assert list(remarks(rows, [Taken(100, 1.0), Taken(10, 0.5)])) == [
        "a.mp4: 2 video streams, of which the first is shown",
        "vp9: FFmpeg does not tell damage that it conceals; compare the files' sums with those of their"
        " publisher: b.mkv",
        "2 videos of 0.05 h: features at 4 frames a second are of at most 720 frames, 0.04 CPU-hours of"
        " decoding and 1.1 MB (vectors of 768 half floats), one file a shard",
    ]
    assert not list(remarks([], []))
