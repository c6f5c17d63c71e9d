"""The feature store: what is written is what is read, whole and by rows; what is missing is an error."""

from __future__ import annotations

import dataclasses
import pickle
import random
import subprocess
import sys
from functools import partial

import h5py
import numpy as np
import pytest
from damage import outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.contracts.errors import DataError
from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, read_videos, write_features
from foretaste.features.store import FeatureStore

ORIGIN = Origin(
    grid_fps=4.0,
    grid_rule=GRID_RULE,
    width=5,
    dtype="float16",
    backbone='{"kind": "x"}',
    weights_sha256="ab",
    picture="{}",
)


def video(video_id, grid_index, seed=0, valid=None):
    grid_index = np.asarray(grid_index)
    random = np.random.default_rng(seed)
    return VideoFeatures(
        video_id=video_id,
        feat=random.standard_normal((len(grid_index), 5)).astype(np.float16),
        grid_index=grid_index,
        pts_s=grid_index / 4 - 0.01,
        valid=np.ones(len(grid_index), bool) if valid is None else np.asarray(valid),
        source_sha256="cd",
        decoder="decord 0.6.0 (steady)",
        rotation=90,
    )


@pytest.fixture
def shards(tmp_path):
    first = [video("a", [0, 1, 2, 7, 9], 1), video("b", [3, 4], 2, [True, False])]
    second = [video("c", range(20), 3), video("empty", [], 4)]
    write_features(tmp_path / "0.h5", ORIGIN, first)
    write_features(tmp_path / "1.h5", ORIGIN, second)
    return [tmp_path / "0.h5", tmp_path / "1.h5"], {v.video_id: v for v in first + second}


def test_everything_comes_back(shards):
    paths, written = shards
    for path in paths:
        origin, videos = read_videos(path)
        assert origin == ORIGIN
        for read in videos:
            for field in dataclasses.fields(VideoFeatures):
                np.testing.assert_array_equal(
                    getattr(read, field.name), getattr(written[read.video_id], field.name)
                )


def test_another_process_opens_the_files_itself(shards):
    opened = FeatureStore(shards[0])
    sent = pickle.dumps(opened)
    assert len(sent) < 1000
    again = pickle.loads(sent)
    assert again.videos == opened.videos
    for video_id in opened.videos:
        first = opened._videos[video_id].grid_index[:1]
        np.testing.assert_array_equal(again.rows(video_id, first), opened.rows(video_id, first))


def test_rows_and_times(shards):
    paths, written = shards
    store = FeatureStore(paths)
    assert store.videos == ("a", "b", "c", "empty") and store.origin == ORIGIN
    rows = store.rows("a", np.array([9, 0, 0, 7]))
    assert rows.dtype == np.float16
    np.testing.assert_array_equal(rows, written["a"].feat[[4, 0, 0, 3]])
    np.testing.assert_array_equal(store.times("a", np.array([9, 0])), [9 / 4 - 0.01, -0.01])


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_rows_equal_a_dictionary(tmp_path_factory, data):
    index = sorted(data.draw(st.sets(st.integers(0, 60), min_size=1)))
    asked = np.array(data.draw(st.lists(st.integers(0, 60), min_size=1, max_size=10)))
    path = tmp_path_factory.mktemp("store") / "0.h5"
    written = video("v", index)
    write_features(path, ORIGIN, [written])
    table = dict(zip(index, written.feat))
    store = FeatureStore([path])
    if set(asked) <= set(index):
        np.testing.assert_array_equal(store.rows("v", asked), [table[k] for k in asked])
    else:
        with pytest.raises(DataError, match="no feature at grid index"):
            store.rows("v", asked)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_windows_that_cannot_be_shown_equal_a_brute_force(tmp_path_factory, data):
    """Each window has a reason if and only if a vector of it is absent, not valid or not finite."""
    index = sorted(data.draw(st.sets(st.integers(0, 25), max_size=20)))
    valid = data.draw(
        st.lists(st.sampled_from([True, True, True, False]), min_size=len(index), max_size=len(index))
    )
    written = video("v", index, valid=valid)
    for row in data.draw(st.sets(st.integers(0, max(len(index) - 1, 0)), max_size=2)):
        written.feat[row : row + 1, 3] = np.nan
    windows = np.array(
        data.draw(st.lists(st.lists(st.integers(0, 27), min_size=3, max_size=3), min_size=1, max_size=20))
    )
    path = tmp_path_factory.mktemp("store") / "0.h5"
    write_features(path, ORIGIN, [written])
    store = FeatureStore([path])
    good = {k for k, there, vector in zip(index, valid, written.feat) if there and np.isfinite(vector).all()}
    assert [reason is None for reason in store.lacking("v", windows)] == [
        set(window) <= good for window in windows.tolist()
    ]
    assert set(store.lacking("w", windows)) == {"no features of its video"}


def test_a_file_that_another_process_holds_open_is_not_called_damaged(shards):
    path = shards[0][0]
    wait = (
        "import h5py, sys; file = h5py.File(sys.argv[1], 'r+'); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", wait, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(
            DataError, match=r"held open by another process: .*0\.h5: .*wait for it"
        ) as raised:
            FeatureStore([path])
        assert "delete" not in str(raised.value)
        holder.stdin.close()
    assert FeatureStore([path]).videos == ("a", "b")


def test_a_folder_in_place_of_a_file_is_not_called_damaged(tmp_path):
    with pytest.raises(DataError, match=r"cannot be opened \(Is a directory\)"):
        FeatureStore([tmp_path])


def test_what_is_missing_is_an_error_by_name(shards):
    store = FeatureStore(shards[0])
    with pytest.raises(DataError, match="no features of video 'zzz'"):
        store.rows("zzz", np.array([0]))
    with pytest.raises(DataError, match=r"no feature at grid index 3 \(0\.750 s\).*0\.h5: a"):
        store.rows("a", np.array([0, 3]))
    with pytest.raises(DataError, match="shows nothing at grid index 4"):
        store.rows("b", np.array([3, 4]))
    with pytest.raises(DataError, match="no feature at grid index 0"):
        store.rows("empty", np.array([0]))


def test_equal_features_give_equal_bytes(tmp_path):
    for name in ("x.h5", "y.h5"):
        write_features(tmp_path / name, ORIGIN, [video("a", range(9)), video("b", [2])])
    assert (tmp_path / "x.h5").read_bytes() == (tmp_path / "y.h5").read_bytes()


def test_storage_is_contiguous_and_near_raw_size(tmp_path):
    origin = dataclasses.replace(ORIGIN, width=512)
    n = 2000
    large = dataclasses.replace(video("v", range(n)), feat=np.ones((n, 512), np.float16))
    write_features(tmp_path / "0.h5", origin, [large])
    assert (tmp_path / "0.h5").stat().st_size < 1.03 * large.feat.nbytes
    with h5py.File(tmp_path / "0.h5") as file:
        assert file["videos/v/feat"].chunks is None and file["videos/v/feat"].compression is None


@pytest.mark.parametrize(
    ("change", "message"),
    [({"weights_sha256": "other"}, "differ in weights_sha256"), ({"grid_fps": 8.0}, "differ in grid_fps"),
    ({"picture": "[]"}, "differ in picture")],
)  # fmt: skip
def test_shards_of_different_extractions_do_not_mix(tmp_path, change, message):
    write_features(tmp_path / "0.h5", ORIGIN, [video("a", [0])])
    write_features(tmp_path / "1.h5", dataclasses.replace(ORIGIN, **change), [video("b", [0])])
    with pytest.raises(DataError, match=message):
        FeatureStore([tmp_path / "0.h5", tmp_path / "1.h5"])


def test_a_video_in_two_shards_is_refused(tmp_path):
    for name in ("0.h5", "1.h5"):
        write_features(tmp_path / name, ORIGIN, [video("a", [0])])
    with pytest.raises(DataError, match="'a' is in two shards"):
        FeatureStore([tmp_path / "0.h5", tmp_path / "1.h5"])


def test_files_that_are_no_store_are_refused(tmp_path):
    (tmp_path / "text.h5").write_text("no")
    with h5py.File(tmp_path / "newer.h5", "w") as file:
        file.attrs["format"] = 99
        file.create_group("videos")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = [1]
    for name, message in [
        ("text.h5", "damaged"),
        ("newer.h5", "format 99"),
        ("other.h5", "format None"),
        ("gone.h5", "missing"),
    ]:
        with pytest.raises(DataError, match=message):
            FeatureStore([tmp_path / name])
    with pytest.raises(DataError, match="no feature files"):
        FeatureStore([])


@pytest.mark.parametrize("video_id", ["a/b", "..", ""])
def test_ids_that_would_nest_are_refused(tmp_path, video_id):
    with pytest.raises(DataError, match="a name without a slash"):
        write_features(tmp_path / "0.h5", ORIGIN, [video(video_id, [0])])


def test_150_files_with_flipped_bits_are_one_line_each(tmp_path):
    """Seed 227 makes a file on which HDF5 (h5py 3) itself never returns; no reader could say so."""
    path = tmp_path / "0.h5"
    write_features(path, ORIGIN, [video("a", range(20), 1), video("b", [3, 4], 2)])
    whole = path.read_bytes()

    def one(seed, read):
        rng, data = random.Random(seed), bytearray(whole)
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        read(path)

    for read in (read_videos, lambda path: FeatureStore([path])):
        lines, passed = outcomes(partial(one, read=read), range(150))
        # A bit of a vector or of an unused byte may change: HDF5 stores no sums of those.
        assert len(lines) > 100 and len(lines) + passed == 150
        assert all(str(path) in line for line in lines) and any(f"{path}: a: " in line for line in lines)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("grid_fps", "fast", "grid_fps of a feature file is 'fast': .*0.h5: a finite number above 0"),
        ("grid_fps", [4.0, 4.0], "grid_fps of a feature file is array"),
        ("grid_fps", 0.0, "grid_fps of a feature file is 0.0"),
        ("grid_fps", np.nan, "grid_fps of a feature file is nan"),
        ("width", -5, "width of a feature file is -5: .*0.h5: a whole number above 0"),
        ("width", 5.5, "width of a feature file is 5.5"),
        ("width", 6, r"feat of 'a' is float16 \(1, 5\): .*0.h5: float16 \(1, 6\)"),
        ("dtype", "float99", "dtype of a feature file is 'float99': .*0.h5: float16 or float32"),
        ("dtype", "float32", "feat of 'a' is float16"),
        ("picture", 3, "picture of a feature file is 3: .*0.h5: a text"),
        ("format", "1", "feature file of format '1'"),
        ("format", 0, "feature file of format 0"),
    ],
)
def test_attributes_that_no_store_has_are_named(tmp_path, name, value, message):
    path = tmp_path / "0.h5"
    write_features(path, ORIGIN, [video("a", [0])])
    with h5py.File(path, "r+") as file:
        file.attrs[name] = value
    for read in (read_videos, lambda path: FeatureStore([path])):
        with pytest.raises(DataError, match=message):
            read(path)


@pytest.mark.parametrize(
    ("key", "values", "message"),
    [
        ("grid_index", np.array([4, 3], np.int32), "grid indices of 'a' do not ascend"),
        ("grid_index", np.array([3.0, 4.0]), "grid_index of 'a' is float64"),
        ("pts_s", np.zeros(3), r"pts_s of 'a' is float64 \(3,\)"),
        ("valid", None, "damaged feature file: .*0.h5: a: "),
    ],
)
def test_datasets_that_no_store_has_are_named(tmp_path, key, values, message):
    path = tmp_path / "0.h5"
    write_features(path, ORIGIN, [video("a", [3, 4])])
    with h5py.File(path, "r+") as file:
        del file[f"videos/a/{key}"]
        if values is not None:
            file[f"videos/a/{key}"] = values
    with pytest.raises(DataError, match=message):
        FeatureStore([path])


@pytest.mark.parametrize(
    ("content", "what"),
    [("version https://git-lfs.github.com/spec/v1\n", "Git-LFS pointer"), ("<html>", "web page")],
)
def test_what_stands_in_place_of_a_feature_file_is_said(tmp_path, content, what):
    (tmp_path / "0.h5").write_text(content)
    with pytest.raises(DataError, match=what):
        FeatureStore([tmp_path / "0.h5"])
