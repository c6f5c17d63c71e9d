"""LMDBs with a key a frame, as RULSTM's and AVT's: read as those two read them, and never the future."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import lmdb
import numpy as np
import pytest
from damage import damaged, outcomes

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.features.frame_keys import FrameKeys
from foretaste.features.given import import_features
from foretaste.features.shard import read_videos
from foretaste.features.store import FeatureStore
from foretaste.features.verify import verify
from foretaste.video.windows import window_indices


def write(folder, videos, width=3):
    """``videos``: id -> numbers of its frames; the vector of frame k is (k, video, 1, 1 ...)."""
    with lmdb.open(str(folder), map_size=1 << 27) as opened, opened.begin(write=True) as transaction:
        for at, (video_id, frames) in enumerate(videos.items()):
            for frame in frames:
                vector = np.array([frame, at, *[1] * (width - 2)], np.float32)
                put(transaction, f"{video_id}_frame_{frame:010d}.jpg", vector.tobytes())
    return folder / "data.mdb"


def put(transaction, key, value):
    assert transaction.put(key if isinstance(key, bytes) else key.encode(), value)


def imported(path, out):
    source = FrameKeys(path)
    return FeatureStore(import_features(map(source.read, source.videos), out, source.clock, "test"))


def test_windows_hold_the_frames_that_avt_reads(tmp_path, shared_golden):
    """AVT's own reader over the same keys, which has a frame 25 times a second, or a hole of 40 frames. Where
    it finds nothing within nine frames it takes zeros, and there is nothing here; some windows it
    cuts otherwise (tests/video/test_windows.py). For 4 frames a second it takes every eighth.
    """
    stored = json.loads((shared_golden / "sampling.json").read_text())
    names = {"VID-A", "VID-B"}
    have = {
        "dense": range(1, 2001),
        "sparse25": stored["stores"]["sparse25"],
        "gap300_339": [frame for frame in range(1, 2001) if not 300 <= frame < 340],
    }
    starts = {one["uid"]: (one["video"], one["start_frame"] / 30) for one in stored["segments"]}
    assert {video for video, _ in starts.values()} == names
    stores = {
        name: imported(write(tmp_path / name, dict.fromkeys(names, frames)), tmp_path / f"{name}_out")
        for name, frames in have.items()
    }
    equal, nothing, others = 0, 0, []
    for case in stored["cases"]:
        config = case["config"]
        store = stores[config["store"]]
        for sample in case["samples"]:
            video_id, start_s = starts[int(sample["uid"])]
            stop_s = start_s - config["tau_a"]
            grid = window_indices(
                stop_s - config["tau_o"],
                stop_s,
                frames=config["num_frames"],
                rate=30 / round(30 / config["frame_rate"]),
                grid_fps=store.origin.grid_fps,
            )
            (why,) = store.lacking(video_id, grid[None])
            if 0 in sample["feature_frame"]:
                assert why == "window shows a frame without features"
                nothing += 1
                continue
            read = store.rows(video_id, grid)[:, 0].astype(int).tolist()
            if read == sample["feature_frame"]:
                equal += 1
            else:
                others.append((stop_s, read[-3:], sample["feature_frame"][-3:]))
            assert (store.times(video_id, grid) <= stop_s).all()
    assert (equal, nothing) == (52, 3)
    # Where AVT would read frame 0, and once where a float is a frame off.
    assert {round(stop_s, 4) for stop_s, *_ in others} == {1.0333, 1.0667, 1.5333} and len(others) == 5


def test_a_missing_frame_is_looked_for_nine_frames_before_and_never_after(tmp_path):
    store = imported(write(tmp_path / "in", {"v": [1, 2, 20, 21, 40]}), tmp_path / "out")
    seen = {}
    for k in range(60):
        if store.lacking("v", np.array([[k]]))[0] is None:
            seen[k] = int(store.rows("v", np.array([k]))[0, 0])
    expected = {0: 1, 1: 1} | dict.fromkeys(range(2, 12), 2) | {20: 20} | dict.fromkeys(range(21, 31), 21)
    assert seen == expected | dict.fromkeys(range(40, 50), 40)
    # Frame k is shown from (k - 1) / 30 s on.
    np.testing.assert_array_equal(store.times("v", np.array([0, 1, 11, 49])), np.array([0, 0, 1, 39]) / 30)


def test_what_is_missing_is_listed_and_where_it_comes_from_is_kept(tmp_path, capsys):
    path = write(tmp_path / "in", {"P01_01": [*range(1, 300), *range(321, 400)], "P01_02": range(30, 40)})
    words = ["import-features", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--backbone", "TSN"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 videos, 389 rows of 3, float16"
    assert lines[-2:] == [
        "P01_01  379 rows from 0.000 s to 13.300 s, nothing at grid indices 309 to 320",
        "P01_02  10 rows from 1.000 s to 1.300 s",
    ]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["P01_01.h5", "P01_02.h5"]
    origin, (video,) = read_videos(tmp_path / "out/P01_02.h5")
    assert (origin.grid_fps, origin.look_back, origin.backbone) == (30.0, 9, "TSN")
    assert origin.grid_rule == "the frame numbered grid_index, counted from 1; at grid_index 0 the first"
    assert (origin.weights_sha256, origin.picture) == ("not stated", "not stated")
    assert video.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert video.decoder == "import-features, LMDB"
    verify(sorted((tmp_path / "out").iterdir()))


def test_the_command_line_may_say_another_clock(tmp_path, capsys):
    write(tmp_path / "in", {"v": range(0, 20)})
    out = ["--out", str(tmp_path / "out"), "--dtype", "float32"]
    clock = ["--fps", "10", "--first", "0", "--look-back", "0"]
    assert main(["import-features", str(tmp_path / "in"), *out, *clock]) == 0
    origin, (video,) = read_videos(tmp_path / "out/v.h5")
    assert (origin.grid_fps, origin.look_back, origin.dtype) == (10.0, 0, "float32")
    assert video.grid_index.tolist() == video.feat[:, 0].tolist() == list(range(20))
    np.testing.assert_array_equal(video.pts_s, np.arange(20) / 10)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (b"\xff_frame_0000000001.jpg", bytes(12), r"key b'\\xff_frame"),
        ("v_0000000001", b"1234", r"key b'v_0000000001': .*<video>_frame_"),
        (
            "v_frame_0000000003.jpg",
            b"1234",
            r"a value of 4 bytes under v_frame_0000000003\.jpg: .*, 3 a frame",
        ),
        ("v_frame_0000000000.jpg", bytes(12), "number 0 of v: .*--first 0"),
        ("v_frame_4000000000.jpg", bytes(12), "number 4000000000 of v"),
        ("v_frame_0000000003.jpg", b"\x00\x00\xc0\x7f" * 3, "number 3 of v is not finite in float16"),
        (
            "v_frame_0000000003.jpg",
            np.float32([1e6] * 3).tobytes(),
            r"not finite in float16: .*float32 \(--dtype\)",
        ),
        ("../v_frame_0000000001.jpg", bytes(12), "video id '../v'"),
        (".v_frame_0000000001.jpg", bytes(12), "video id '.v'"),
    ],
)
def test_what_cannot_be_right_is_named_and_nothing_is_left(tmp_path, capsys, key, value, message):
    path = write(tmp_path / "in", {"v": [1, 2]})
    with lmdb.open(str(path.parent), map_size=1 << 27) as opened, opened.begin(write=True) as transaction:
        put(transaction, key, value)
    with pytest.raises(DataError, match=message):
        imported(path, tmp_path / "out")
    assert [one.name for one in tmp_path.iterdir()] == ["in"]


def test_a_killed_import_leaves_no_folder_and_the_next_makes_the_same_bytes(tmp_path):
    write(tmp_path / "in", {f"v{at}": range(1, 400) for at in range(40)}, width=256)
    out, whole = tmp_path / "out", tmp_path / "whole"
    words = ["import-features", str(tmp_path / "in"), "--out"]
    assert main([*words, str(whole)]) == 0
    command = [sys.executable, "-m", "foretaste", *words, str(out)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as killed:
        while len(list(tmp_path.glob(".out.partial-*/*.h5"))) < 3:
            assert killed.poll() is None, "it ended before it could be killed"
        killed.kill()
    assert not out.exists()
    assert main([*words, str(out)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "whole"}
    made = {path.name: path.read_bytes() for path in out.iterdir()}
    assert made == {path.name: path.read_bytes() for path in whole.iterdir()} and len(made) == 40


def test_damage_is_one_line_and_leaves_nothing(tmp_path):
    path = write(tmp_path / "in", {"a": range(1, 40), "b": range(1, 9)}, width=1200)
    whole = path.read_bytes()

    def one(seed):
        path.write_bytes(damaged(whole, seed))
        store = imported(path, tmp_path / f"out{seed}")
        assert store.videos  # a name may have been damaged to another

    lines, passed = outcomes(one, range(60))
    assert lines and passed
    made = {path.name for path in tmp_path.iterdir()} - {"in"}
    assert len(made) == passed and all(name.startswith("out") for name in made)
