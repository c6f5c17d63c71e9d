"""What a feature file may hold: maps, rows that look back, checksums; and what of a hostile or damaged one is
refused.
"""

from __future__ import annotations

import dataclasses
import multiprocessing

import h5py
import numpy as np
import pytest
from damage import damaged, outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.contracts.errors import DataError
from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, read_videos, write_features
from foretaste.features.store import FeatureStore

ORIGIN = Origin(grid_fps=4.0, grid_rule=GRID_RULE, width=3, dtype="float16", backbone="ä")


def video(video_id="a", grid_index=range(6), middle=(), **changes):
    grid_index = np.asarray(grid_index)
    feat = np.random.default_rng(0).standard_normal((len(grid_index), *middle, 3)).astype(np.float16)
    stored = VideoFeatures(
        video_id=video_id,
        feat=feat,
        grid_index=grid_index.astype(np.int32),
        pts_s=grid_index / 4,
        valid=np.ones(len(grid_index), bool),
        source_sha256="cd",
        decoder="",
        rotation=0,
    )
    return dataclasses.replace(stored, **changes)


def written(path, *videos, **changes):
    write_features(path, dataclasses.replace(ORIGIN, **changes), videos)
    return path


def same(read, stored):
    return all(
        np.array_equal(getattr(read, field.name), getattr(stored, field.name))
        for field in dataclasses.fields(VideoFeatures)
    )


@pytest.mark.parametrize("middle", [(7, 5), (2, 4, 5)])
def test_maps_come_back_with_all_their_axes(tmp_path, middle):
    stored = video(middle=middle)
    path = written(tmp_path / "0.h5", stored)
    origin, (read,) = read_videos(path)
    assert origin == ORIGIN and same(read, stored)
    store = FeatureStore([path])
    assert store.shape == (*middle, 3)
    np.testing.assert_array_equal(store.rows("a", np.array([4, 4, 0])), stored.feat[[4, 4, 0]])
    stored.feat[2, 1, 3] = np.inf
    written(path, stored)
    assert [reason is None for reason in FeatureStore([path]).lacking("a", np.array([[1], [2]]))] == [
        True,
        False,
    ]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_another_process_reads_what_this_one_reads(tmp_path, start):
    store = FeatureStore([written(tmp_path / "0.h5", video())])
    asked = np.array([5, 0, 3])
    with multiprocessing.get_context(start).Pool(1) as pool:
        np.testing.assert_array_equal(pool.apply(store.rows, ("a", asked)), store.rows("a", asked))


def test_maps_of_two_shapes_are_no_store(tmp_path):
    first = written(tmp_path / "0.h5", video("a", middle=(7, 7)))
    second = written(tmp_path / "1.h5", video("b", middle=(49,)))
    with pytest.raises(DataError, match=r"features of 'b' are \(49, 3\) a row: .*1\.h5: \(7, 7, 3\)"):
        FeatureStore([first, second])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rows_that_look_back_equal_a_brute_force(tmp_path_factory, data):
    """The newest row not after a grid time, at most ``look_back`` before it, and never a later one."""
    index = sorted(data.draw(st.sets(st.integers(0, 40), min_size=1)))
    valid = np.array(data.draw(st.lists(st.booleans(), min_size=len(index), max_size=len(index))))
    look_back, asked = data.draw(st.integers(0, 9)), np.arange(50)
    stored = video(grid_index=index, valid=valid)
    path = written(tmp_path_factory.mktemp("store") / "0.h5", stored, look_back=look_back)
    store = FeatureStore([path])
    lacking = store.lacking("a", asked[:, None])
    for k in asked.tolist():
        newest = max((row for row, at in enumerate(index) if at <= k), default=None)
        seen = newest is not None and k - index[newest] <= look_back and valid[newest]
        assert (lacking[k] is None) == seen
        if seen:
            np.testing.assert_array_equal(store.rows("a", np.array([k])), stored.feat[[newest]])
            assert store.times("a", np.array([k])) == stored.pts_s[newest]
        else:
            with pytest.raises(DataError, match=f"at grid index {k} "):
                store.rows("a", np.array([k]))


def test_format_1_is_read_as_it_was(tmp_path):
    path, stored = tmp_path / "0.h5", video()
    written(path, stored)
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 1
        del file.attrs["look_back"], file["videos/a"].attrs["checksum"]
    origin, (read,) = read_videos(path)
    assert origin == ORIGIN and same(read, stored)
    assert FeatureStore([path]).videos == ("a",)


def test_a_changed_value_is_found_by_the_checksum(tmp_path):
    path = written(tmp_path / "0.h5", video())
    whole = path.read_bytes()
    for change in (
        lambda file: file["videos/a/feat"].write_direct(np.zeros((1, 3), np.float16), dest_sel=np.s_[2:3]),
        lambda file: file["videos/a/pts_s"].write_direct(np.zeros(1), dest_sel=np.s_[5:6]),
        lambda file: file["videos/a"].attrs.modify("rotation", 90),
        lambda file: file.attrs.modify("grid_fps", 5.0),
    ):
        path.write_bytes(whole)
        with h5py.File(path, "r+") as file:
            change(file)
        with pytest.raises(DataError, match=r"damaged features \(sha256 .*0\.h5: a: [0-9a-f]{64}"):
            read_videos(path)
    with h5py.File(path, "r+") as file:
        del file["videos/a"].attrs["checksum"]
    with pytest.raises(DataError, match=r"damaged features .*0\.h5: a: nothing"):
        read_videos(path)


def test_damage_is_one_line_or_changes_nothing(tmp_path):
    """Flipped bits, cuts, holes, noise and missing bytes, 300 of them: what is read is what was written."""
    stored = video("a", range(20)), video("b", [3, 4])
    path = written(tmp_path / "0.h5", *stored)
    whole = path.read_bytes()

    def one(seed):
        path.write_bytes(damaged(whole, seed))
        _, videos = read_videos(path)
        assert len(videos) == 2 and all(map(same, videos, stored))

    lines, _ = outcomes(one, range(300))
    assert len(lines) > 200 and all(str(path) in line for line in lines)


def links(file, other):
    """Names that lead out of the file, and data that lies elsewhere."""
    feat = file["videos/a/feat"]
    layout = h5py.VirtualLayout(shape=feat.shape, dtype=feat.dtype)
    layout[...] = h5py.VirtualSource(str(other), "videos/a/feat", shape=feat.shape)
    return {
        "videos": h5py.ExternalLink(str(other), "/videos"),
        "videos/a": h5py.ExternalLink(str(other), "/videos/a"),
        "videos/a/feat": h5py.SoftLink("/videos/a/pts_s"),
        "videos/a/valid": h5py.ExternalLink(str(other), "/videos/a/valid"),
        "videos/a/pts_s": "external",
        "videos/a/grid_index": "group",
        "feat of videos/a": layout,
    }


@pytest.mark.parametrize("place", range(7))
def test_what_leads_out_of_the_file_is_refused(tmp_path, place):
    other = written(tmp_path / "other.h5", video())
    path = written(tmp_path / "0.h5", video())
    with h5py.File(path, "r+") as file:
        name, link = list(links(file, other).items())[place]
        key = name if place < 6 else "videos/a/feat"
        del file[key]
        if link == "external":
            file.create_dataset(key, (6,), np.float64, external=[(str(other), 0, 48)])
        elif link == "group":
            file.create_group(key)
        elif place == 6:
            file.create_virtual_dataset(key, link)
        else:
            file[key] = link
    for read in (read_videos, lambda path: FeatureStore([path])):
        with pytest.raises(DataError, match=r"no (data|group) of this file: .*0\.h5"):
            read(path)


@pytest.mark.parametrize("offset", [2**40, 2**63, 2**64 - 16, None])
def test_data_that_lies_outside_the_file_is_refused(tmp_path, offset):
    """The address of a dataset, found in the bytes of the file and turned elsewhere; or none at all."""
    path = written(tmp_path / "0.h5", video())
    with h5py.File(path, "r+") as file:
        address = file["videos/a/feat"].id.get_offset()
        if offset is None:
            del file["videos/a/feat"]
            file.create_dataset("videos/a/feat", (6, 3), np.float16)
    if offset is not None:
        data, stored = path.read_bytes(), address.to_bytes(8, "little")
        assert data.count(stored) == 1
        path.write_bytes(data.replace(stored, offset.to_bytes(8, "little")))
    with pytest.raises(DataError, match=r"0\.h5"):
        FeatureStore([path])
