"""`foretaste features show | verify | export` over real files, by what they print and leave."""

from __future__ import annotations

import dataclasses
import json

import h5py
import numpy as np
import pytest
from damage import damaged, outcomes

from foretaste.__main__ import main
from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, read_videos, write_features
from foretaste.features.verify import verify

ORIGIN = Origin(
    grid_fps=4.0, grid_rule=GRID_RULE, width=3, dtype="float16", backbone='{"kind": "x"}', look_back=2
)


def video(video_id, grid_index, valid=None):
    grid_index = np.asarray(grid_index, np.int32)
    return VideoFeatures(
        video_id=video_id,
        feat=np.random.default_rng(len(grid_index)).standard_normal((len(grid_index), 3)).astype(np.float16),
        grid_index=grid_index,
        pts_s=grid_index / 4,
        valid=np.ones(len(grid_index), bool) if valid is None else np.array(valid),
        source_sha256="cd",
        decoder="decord 0.6.0 (steady)",
        rotation=90,
    )


VIDEOS = [video("P01_01", [0, 3, 7, 20, 21], [True] * 4 + [False]), video("P01_02", range(9)), video("é", [])]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "features").mkdir()
    write_features(tmp_path / "features/0.h5", ORIGIN, VIDEOS[:1])
    write_features(tmp_path / "features/1.h5", ORIGIN, VIDEOS[1:])
    return tmp_path / "features"


def run(capsys, *words, code=0):
    """What a command prints; on stderr where it fails."""
    assert main(["features", *map(str, words)]) == code
    printed = capsys.readouterr()
    return printed.out if code == 0 else printed.err


def test_show_tells_the_origin_and_each_video(folder, capsys):
    lines = run(capsys, "show", folder).splitlines()
    assert lines[0] == "3 videos, 14 rows of 3, float16"
    assert {"look_back  2", 'backbone  {"kind": "x"}', "picture  not stated"} <= set(lines)
    assert lines[-3:] == [
        "P01_01  5 rows from 0.000 s to 5.250 s, 1 of them not valid, nothing at grid indices 6, 10 to 19",
        "P01_02  9 rows from 0.000 s to 2.000 s",
        "é  0 rows",
    ]


def test_json_holds_all_of_it(folder, capsys):
    told = json.loads(run(capsys, "show", folder / "0.h5", "--json"))
    assert told["origin"] == dataclasses.asdict(ORIGIN) and told["shape"] == [3]
    assert told["videos"] == {
        "P01_01": {
            "file": "0.h5", "rows": 5, "valid": 4, "first": 0, "last": 21, "gaps": [[6, 6], [10, 19]],
            "source_sha256": "cd", "decoder": "decord 0.6.0 (steady)", "rotation": 90,
        }
    }  # fmt: skip
    assert json.loads(run(capsys, "verify", folder, "--json"))["videos"].keys() == {"P01_01", "P01_02", "é"}


def test_verify_says_what_it_read_and_what_it_cannot_know(folder, capsys):
    bytes_read = sum(path.stat().st_size for path in folder.iterdir())
    assert run(capsys, "verify", folder).splitlines()[-1] == f"ok: 2 files, {bytes_read} bytes"
    with h5py.File(folder / "1.h5", "r+") as file:
        file.attrs["format"] = 1
        for group in file["videos"].values():
            del group.attrs["checksum"]
    assert "1.h5: format 1 has no checksums" in run(capsys, "verify", folder).splitlines()[-1]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"pts_s": np.arange(9) / 4 + np.eye(9)[8] / 100},
            "1 frames are later than their grid time, first at index 8",
        ),
        ({"pts_s": np.full(9, np.nan)}, "9 frames are later than their grid time, first at index 0"),
        ({"feat": np.full((9, 3), np.inf, np.float16)}, "9 rows are not finite"),
        ({"grid_index": np.arange(-1, 8, dtype=np.int32)}, "grid index -1 is before the video"),
    ],
)
def test_verify_finds_what_contradicts_itself(folder, capsys, change, fault):
    write_features(folder / "1.h5", ORIGIN, [dataclasses.replace(VIDEOS[1], **change)])
    line = run(capsys, "verify", folder, code=1)
    assert fault in line and "1.h5: P01_02: " in line and line.count("\n") == 1


def test_verify_lists_every_damaged_video(folder, capsys):
    write_features(folder / "1.h5", ORIGIN, [video("a", range(9)), video("b", range(9))])
    with h5py.File(folder / "1.h5", "r+") as file:
        for name in ("a", "b"):
            file[f"videos/{name}/pts_s"][3] = 0.0
    line = run(capsys, "verify", folder, code=1)
    assert line.startswith("error: 2 faults: damaged features ") and "1.h5: a" in line and "1.h5: b" in line


def test_verify_finds_any_damage(folder):
    whole = (folder / "0.h5").read_bytes()

    def one(seed):
        (folder / "0.h5").write_bytes(damaged(whole, seed))
        verify([folder / "0.h5"])
        _, (read,) = read_videos(folder / "0.h5")
        assert np.array_equal(read.feat, VIDEOS[0].feat) and read.source_sha256 == "cd"

    lines, _ = outcomes(one, range(100))
    assert len(lines) > 60


def test_exported_arrays_are_those_of_the_store(folder, tmp_path, capsys):
    for name in ("npz", "npy"):
        assert run(capsys, "export", folder, "--format", name, "--out", tmp_path / name) == "3 videos\n"
        told = json.loads((tmp_path / name / "origin.json").read_text())
        assert told == dataclasses.asdict(ORIGIN)
        for stored in VIDEOS:
            for array in ("feat", "grid_index", "pts_s", "valid"):
                if name == "npz":
                    read = np.load(tmp_path / f"npz/{stored.video_id}.npz")[array]
                else:
                    read = np.load(tmp_path / f"npy/{array}/{stored.video_id}.npy")
                np.testing.assert_array_equal(read, getattr(stored, array))


def test_an_export_is_whole_or_not_there(folder, tmp_path, capsys):
    with h5py.File(folder / "1.h5", "r+") as file:
        file["videos/P01_02/pts_s"][3] = 0.0
    assert "damaged features" in run(capsys, "export", folder, "--out", tmp_path / "out", code=1)
    assert [path.name for path in tmp_path.iterdir()] == ["features"]
    (tmp_path / "out").mkdir()
    assert "it is there already" in run(capsys, "export", folder, "--out", tmp_path / "out", code=1)


def test_what_is_no_store_is_one_line(tmp_path, capsys):
    assert "missing feature file" in run(capsys, "show", tmp_path / "gone.h5", code=1)
    (tmp_path / "readme.txt").write_text("no")
    assert "no feature files, but readme.txt" in run(capsys, "show", tmp_path, code=1)
    assert "damaged feature file" in run(capsys, "show", tmp_path / "readme.txt", code=1)


def test_an_id_that_would_leave_the_folder_is_refused(folder, tmp_path, capsys):
    with h5py.File(folder / "1.h5", "r+") as file:
        file.move("videos/P01_02", "videos/..")
    assert "a name without a slash" in run(capsys, "export", folder, "--out", tmp_path / "out", code=1)
    assert not (tmp_path / "out").exists()
