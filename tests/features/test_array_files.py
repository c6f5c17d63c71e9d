"""Features as files of arrays: npy, npz and pt, one a video, or one archive of all."""

from __future__ import annotations

import hashlib
import math
import zipfile

import numpy as np
import pytest
import torch
from damage import damaged, outcomes

import foretaste
from foretaste.__main__ import main
from foretaste.contracts.errors import ForetasteError
from foretaste.features.given import Clock, import_features
from foretaste.features.shard import GRID_RULE, read_videos
from foretaste.features.sources import open_source
from foretaste.features.store import FeatureStore

VIDEOS = {
    name: np.random.default_rng(at).standard_normal((n, 4)).astype(np.float32)
    for at, (name, n) in enumerate({"P01_01": 20, "P01_02": 1, "ü": 7}.items())
}
CLOCK = Clock(fps=4.0, first=0, look_back=0)


def save_npy(folder, videos):
    for name, feat in videos.items():
        np.save(folder / f"{name}.npy", feat)
    return folder


def save_npz(folder, videos):
    for name, feat in videos.items():
        np.savez_compressed(folder / f"{name}.npz", feat=feat)
    return folder


def save_pt(folder, videos):
    for name, feat in videos.items():
        torch.save(torch.from_numpy(feat), folder / f"{name}.pt")
    return folder


def save_one(folder, videos):
    np.savez(folder / "all.npz", **videos)
    return folder / "all.npz"


SAVED = {"npy": save_npy, "npz": save_npz, "pt": save_pt, "one npz": save_one}


def imported(path, out, clock=CLOCK, **settings):
    source = open_source(path)
    return FeatureStore(import_features(map(source.read, source.videos), out, clock, "test", **settings))


@pytest.fixture
def given(tmp_path):
    (tmp_path / "given").mkdir()
    return tmp_path / "given"


@pytest.mark.parametrize("save", SAVED.values(), ids=SAVED)
@pytest.mark.parametrize("middle", [(), (2, 3)], ids=["vectors", "maps"])
def test_row_k_stands_at_grid_index_k(given, tmp_path, save, middle):
    videos = {
        name: np.stack([feat] * math.prod(middle), axis=1).reshape(len(feat), *middle, 4)
        for name, feat in VIDEOS.items()
    }
    path = save(given, videos)
    store = imported(path, tmp_path / "out", dtype="float32")
    assert store.videos == tuple(sorted(VIDEOS)) and store.shape == (*middle, 4)
    for name, feat in videos.items():
        rows = np.arange(len(feat))
        np.testing.assert_array_equal(store.rows(name, rows), feat)
        np.testing.assert_array_equal(store.times(name, rows), rows / 4)
    origin, (video,) = read_videos(tmp_path / "out" / "ü.h5")
    assert origin.grid_rule == GRID_RULE and origin.look_back == 0
    file = path if path.is_file() else next(path.glob("ü.*"))
    assert video.source_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_counted_from_1_row_k_is_shown_from_the_step_before_on(given, tmp_path):
    clock = Clock(fps=4.0, first=1, look_back=0)
    store = imported(save_npy(given, {"v": VIDEOS["P01_01"]}), tmp_path / "out", clock, dtype="float32")
    asked = np.array([0, 1, 2, 20])
    np.testing.assert_array_equal(store.rows("v", asked), VIDEOS["P01_01"][[0, 0, 1, 19]])
    np.testing.assert_array_equal(store.times("v", asked), np.array([0, 0, 1, 19]) / 4)


@pytest.mark.parametrize("name", ["half", "double", "bfloat16"])
def test_floats_of_other_sizes(given, tmp_path, name):
    feat = torch.arange(12).reshape(3, 4).to(getattr(torch, name))
    torch.save(feat, given / "v.pth")
    read = imported(given, tmp_path / "out").rows("v", np.arange(3))
    assert read.dtype == np.float16
    np.testing.assert_array_equal(read, np.arange(12).reshape(3, 4))


def test_what_was_exported_comes_back_as_it_was(given, tmp_path, capsys):
    """Rows that are missing, not valid or of an earlier frame, too."""
    feat, index = VIDEOS["ü"].astype(np.float16), np.array([0, 2, 3, 9, 10, 11, 40])
    valid, pts_s = index < 40, index / 4 - 0.01
    np.savez(given / "v.npz", feat=feat, grid_index=index, valid=valid, pts_s=pts_s)
    words = ["--fps", "4", "--look-back", "1"]
    assert main(["import-features", str(given), *words, "--out", str(tmp_path / "first")]) == 0
    assert main(["features", "export", str(tmp_path / "first"), "--out", str(tmp_path / "exported")]) == 0
    assert (
        main(["import-features", str(tmp_path / "exported"), *words, "--out", str(tmp_path / "second")]) == 0
    )
    assert "nothing at grid indices 5 to 8" in capsys.readouterr().out
    for out in ("first", "second"):
        _, (video,) = read_videos(tmp_path / out / "v.h5")
        for name, values in (("feat", feat), ("grid_index", index), ("valid", valid), ("pts_s", pts_s)):
            np.testing.assert_array_equal(getattr(video, name), values)


class _Runs:
    """What an unpickler would run."""

    def __reduce__(self):
        return (print, ("run",))


def objects(path):
    np.save(path.with_suffix(".npy"), np.array([_Runs()], dtype=object))


def table(path):
    torch.save({"feat": torch.zeros(3, 4)}, path.with_suffix(".pt"))


def code(path):
    torch.save(_Runs(), path.with_suffix(".pt"))


def swollen(path):
    torch.save(torch.zeros(1, 1).expand(10**6, 4), path.with_suffix(".pt"))


def two_kinds(path):
    np.save(path.with_suffix(".npy"), np.zeros((3, 4)))
    torch.save(torch.zeros(3, 4), path.with_name("w.pt"))


def two_of_a_name(path):
    for folder in ("a", "b"):
        path.with_name(folder).mkdir()
        np.save(path.with_name(folder) / "v.npy", np.zeros((3, 4)))


def member_of_text(path):
    with zipfile.ZipFile(path.with_suffix(".npz"), "w") as archive:
        archive.writestr("feat", "no array")


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (lambda path: None, "nothing of the kind in a folder: .*an LMDB"),
        (lambda path: np.save(path.with_suffix(".npy"), np.zeros(4)), r"float64 \(4,\) of v: .*\(n, D\) or"),
        (lambda path: np.save(path.with_suffix(".npy"), np.zeros((3, 0))), r"float64 \(3, 0\) of v"),
        (lambda path: np.save(path.with_suffix(".npy"), np.zeros((3, 4), int)), r"int64 \(3, 4\) of v"),
        (
            lambda path: np.save(path.with_suffix(".npy"), np.full((3, 4), np.nan)),
            "number 0 of v is not finite",
        ),
        (
            lambda path: np.save(path.with_suffix(".npy"), np.full((3, 4), 1e30)),
            "finite in float16: .*float32",
        ),
        (lambda path: np.savez(path, other=np.zeros((3, 4))), "array 'other' in it: .*feat, grid_index"),
        (lambda path: np.savez(path, valid=np.ones(3, bool)), "no array feat"),
        (
            lambda path: np.savez(path, feat=np.zeros((2, 4)), pts_s=np.array([0, 0.3])),
            "time stamp of number 1",
        ),
        (
            lambda path: np.savez(path, feat=np.zeros((1, 4)), pts_s=np.array([np.nan])),
            "time stamp of number 0",
        ),
        (lambda path: np.savez(path, feat=np.float32(3), valid=np.array(True)), "valid is bool"),
        (
            lambda path: np.savez(path, feat=np.zeros((3, 4)), grid_index=np.arange(2)),
            r"grid_index is int64 \(2,\)",
        ),
        (
            lambda path: np.savez(path, feat=np.zeros((2, 4)), grid_index=np.array([3, 1])),
            "numbers that ascend",
        ),
        (
            lambda path: np.savez(path, feat=np.zeros((1, 4)), grid_index=np.array([2**31])),
            "number 2147483648 of v",
        ),
        (lambda path: np.savez(path, feat=np.zeros((1, 4)), pts_s=np.array([1])), r"pts_s is int64 \(1,\)"),
        (objects, "unreadable NumPy array"),
        (table, "no tensor of floats but dict"),
        (code, "unreadable tensor"),
        (swollen, r"no tensor of floats but torch.float32 \(1000000, 4\)"),
        (two_kinds, "npy and pt in a folder: .*one kind"),
        (two_of_a_name, r"two files of v: .*a/v.npy and .*b/v.npy"),
        (member_of_text, "unreadable NumPy archive"),
    ],
)
def test_what_cannot_be_right_is_one_line_and_nothing_is_left(given, tmp_path, capsys, save, message):
    save(given / "v")
    with pytest.raises(ForetasteError, match=message):
        imported(given, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["given"]
    assert "run" not in capsys.readouterr().out


def test_rows_of_two_shapes_are_no_store(given, tmp_path):
    save_npy(given, {"a": np.zeros((3, 4)), "b": np.zeros((3, 5))})
    with pytest.raises(
        ForetasteError, match=r"rows of \(5,\) of b: .*b\.npy: \(4,\), as of the videos before"
    ):
        imported(given, tmp_path / "out")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "how many rows of npy files are a second is not said: --fps"),
        (["--fps", "0"], "0.0 rows a second"),
        (["--fps", "nan"], "nan rows a second"),
        (["--fps", "4", "--look-back", "-1"], "looking back -1 steps"),
    ],
)
def test_a_clock_that_cannot_be_is_one_line(given, tmp_path, capsys, words, message):
    save_npy(given, VIDEOS)
    assert main(["import-features", str(given), "--out", str(tmp_path / "out"), *words]) == 1
    assert message in capsys.readouterr().err


def test_a_source_that_is_none_is_one_line(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("no")
    for name, message in (("gone", "nothing there"), ("a.txt", "a file .txt: ")):
        assert main(["import-features", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 1
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("save", SAVED.values(), ids=SAVED)
def test_damage_is_one_line_and_leaves_nothing(given, tmp_path, save):
    save(given, {"v": VIDEOS["P01_01"]})
    (path,) = given.iterdir()
    whole, made = path.read_bytes(), []

    def one(seed):
        path.write_bytes(damaged(whole, seed))
        out = tmp_path / f"out{seed}"
        imported(path if save is save_one else given, out)
        made.append(out.name)

    lines, _ = outcomes(one, range(60))
    assert len(lines) > 8 and {path.name for path in tmp_path.iterdir()} == {"given", *made}


def test_ones_own_program_writes_a_store(tmp_path):
    made = [*VIDEOS.items(), ("again", VIDEOS["P01_01"])]
    foretaste.save_features(tmp_path / "own", iter(made), fps=2, backbone="noise", dtype="float32")
    store = FeatureStore(sorted((tmp_path / "own").iterdir()))
    for name, feat in made:
        np.testing.assert_array_equal(store.rows(name, np.arange(len(feat))), feat)
    assert (store.origin.grid_fps, store.origin.backbone, store.origin.picture) == (
        2.0,
        "noise",
        "not stated",
    )


@pytest.mark.parametrize(
    ("videos", "settings", "message"),
    [
        ([], {}, "no features of any video"),
        ([("a", np.zeros((2, 3)))] * 2, {}, "a comes twice"),
        ([("a/b", np.zeros((2, 3)))], {}, "a name without a slash"),
        ([("a", [[1, 2]])], {}, r"int64 \(1, 2\) of a"),
        ([("a", np.zeros((2, 3)))], {"dtype": "float64"}, "unknown dtype 'float64': .*float16, float32"),
        ([("a", np.zeros((2, 3)))], {"fps": 0}, "0 rows a second"),
    ],
)
def test_ones_own_program_is_told_what_cannot_be(tmp_path, videos, settings, message):
    with pytest.raises(ForetasteError, match=message):
        foretaste.save_features(tmp_path / "own", videos, **{"fps": 2, **settings})
    assert not any(tmp_path.iterdir())
