"""`foretaste features show | verify | export` over frame files, by what they print and leave."""

from __future__ import annotations

import json

import barcode
import cv2
import frame_files
import h5py
import numpy as np
import pytest

from foretaste.__main__ import main
from foretaste.features.frame_store import FrameStore
from foretaste.features.shard import GRID_RULE, Origin, write_features
from foretaste.video.frame_table import look_at


@pytest.fixture
def folder(tmp_path):
    """Frames of two videos, a shard each."""
    (tmp_path / "frames").mkdir()
    for at, name in enumerate("ab"):
        video = look_at(barcode.write_clip(tmp_path / f"{name}.mp4", 20, numbers=range(at, at + 20)))
        plan = {name: np.array([0, 3, 4, 19])}
        frame_files.write(tmp_path / f"frames/{at}.h5", plan, {name: video}, frame_files.origin())
    return tmp_path / "frames"


def run(capsys, *words, code=0):
    """What a command prints; on stderr where it fails."""
    assert main(["features", *map(str, words)]) == code
    printed = capsys.readouterr()
    return printed.out if code == 0 else printed.err


def test_show_tells_the_origin_and_each_video(folder, capsys):
    lines = run(capsys, "show", folder).splitlines()
    assert lines[0].startswith("2 videos, 8 frames, 0.0 MB") and "quality  95" in lines
    assert lines[-2:] == [f"{name}  4 frames from 0.000 s to 1.900 s, 48 x 64" for name in "ab"]
    told = json.loads(run(capsys, "show", folder / "1.h5", "--json"))
    assert list(told["videos"]) == ["b"] and told["videos"]["b"]["frames"] == 4


def test_verify_lists_every_damaged_video(folder, capsys):
    size = sum(path.stat().st_size for path in folder.glob("*.h5"))
    assert run(capsys, "verify", folder).splitlines()[-1] == f"ok: 2 files, {size} bytes"
    for at, name in enumerate("ab"):
        with h5py.File(folder / f"{at}.h5", "r+") as file:
            jpeg = file[f"videos/{name}/jpeg"]
            jpeg[-200] ^= 255
    line = run(capsys, "verify", folder, code=1)
    assert line.startswith("error: 2 faults: damaged frame 19") and line.count("damaged frame 19") == 2


def test_what_contradicts_itself_under_its_own_checksums_is_found(folder, tmp_path, capsys):
    video = look_at(tmp_path / "a.mp4")
    backwards = {"a": np.array([3, 0])}
    frame_files.write(folder / "0.h5", backwards, {"a": video}, frame_files.origin(side=48))
    assert "shards differ" in run(capsys, "verify", folder, code=1)
    (folder / "1.h5").unlink()
    assert "a: frames do not follow each other" in run(capsys, "verify", folder, code=1)


def test_exported_files_are_the_stored_bytes(folder, tmp_path, capsys):
    assert run(capsys, "export", folder, "--out", tmp_path / "out") == "2 videos\n"
    store = FrameStore(sorted(folder.glob("*.h5")))
    names = [f"{frame:010d}.jpg" for frame in (0, 3, 4, 19)]
    assert sorted(path.name for path in (tmp_path / "out/b").iterdir()) == names
    for frame, name in zip((0, 3, 4, 19), names):
        (jpeg,) = store.jpegs("b", np.array([frame]))
        assert (tmp_path / "out/b" / name).read_bytes() == jpeg.tobytes()
        assert barcode.read(cv2.imread(str(tmp_path / "out/b" / name))) == frame + 1
    assert (tmp_path / "out/b.csv").read_text().splitlines() == [
        "frame,pts_s",
        "0,0.0",
        "3,0.3",
        "4,0.4",
        "19,1.9",
    ]
    assert json.loads((tmp_path / "out/origin.json").read_text())["quality"] == 95
    assert "it is there already" in run(capsys, "export", folder, "--out", tmp_path / "out", code=1)


def test_a_format_of_the_other_kind_is_refused(folder, tmp_path, capsys):
    out = ("--out", tmp_path / "out")
    assert "frames as npz" in run(capsys, "export", folder, "--format", "npz", *out, code=1)
    origin = Origin(grid_fps=4.0, grid_rule=GRID_RULE, width=3, dtype="float16", backbone="{}")
    write_features(tmp_path / "f.h5", origin, [])
    said = run(capsys, "export", tmp_path / "f.h5", "--format", "jpg", *out, code=1)
    assert "features as jpg" in said and "npz or npy" in said
