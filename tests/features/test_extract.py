"""Extraction: the vector at grid time k is that of the frame shown then; kills, bad files and late
windows.
"""

from __future__ import annotations

import dataclasses
import resource
import signal

import barcode
import numpy as np
import pyarrow as pa
import pytest
import torch

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import VIDEOS
from foretaste.features import extract
from foretaste.features.shard import read_videos, write_features
from foretaste.pipeline.video_files import video_files
from foretaste.video.frame_table import frame_tables, look_at
from foretaste.video.probe import probe
from foretaste.video.transforms import Picture

SETTINGS = extract.Settings(
    grid_fps=4.0, picture=Picture(height=48, width=64), backbone={"kind": "cells"}, weights_sha256="0"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    barcode.write_clip(folder / "a.mp4", 60)
    barcode.write_clip(
        folder / "b.mkv", 48, ticks=np.cumsum([0, *[20, 100, 60, 20, 200, 40] * 8])[:48].tolist()
    )
    barcode.write_clip(folder / "c.mp4", 150)
    return folder


@pytest.fixture(scope="module")
def probed(folder):
    columns, issues = probe(folder, video_files(folder).items())
    assert not issues
    return pa.table(columns, schema=VIDEOS.schema)


@pytest.fixture(scope="module")
def videos(folder, probed):
    return frame_tables(probed, folder)


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "c.mp4"])
def test_each_vector_is_of_the_frame_shown_then(folder, name):
    video = look_at(folder / name)
    grid_index = np.arange(0, int(video.end_s * 4), 1)
    found = extract.extract_video("v", video, grid_index, barcode.CellMeans(), SETTINGS)
    shown = [max(i for i, pts in enumerate(video.pts_s) if pts <= k / 4) for k in grid_index]
    assert barcode.numbers_of(found.feat) == shown
    np.testing.assert_array_equal(found.pts_s, video.pts_s[shown])
    assert found.valid.all() and found.feat.dtype == np.float16


def test_times_after_the_end_are_not_valid(folder):
    found = extract.extract_video(
        "v", look_at(folder / "a.mp4"), np.array([22, 23, 24, 30]), barcode.CellMeans(), SETTINGS
    )
    assert found.valid.tolist() == [True, True, False, False]
    assert np.isnan(found.pts_s[2:]).all() and not found.feat[2:].any()


def shard(videos, scratch, plan=None, backbone=None, settings=SETTINGS):
    plan = plan or {name: np.arange(0, 15) for name in sorted(videos)}
    features, issues = extract.extract_shard(plan, videos, backbone or barcode.CellMeans(), settings, scratch)
    path = scratch / "shard.h5"
    write_features(path, settings.origin(barcode.CellMeans.width), features)
    return path.read_bytes(), issues


class KilledError(Exception):
    pass


class DiesAfter(barcode.CellMeans):
    """Fails at the n-th batch, as a kill would."""

    def __init__(self, batches):
        super().__init__()
        self.left = batches

    def embed(self, frames):
        self.left -= 1
        if self.left < 0:
            raise KilledError
        return super().embed(frames)


def test_a_killed_extraction_ends_with_the_same_bytes(videos, tmp_path):
    plan = {name: np.arange(0, 15) if name != "c" else np.arange(0, 60) for name in sorted(videos)}
    whole, _ = shard(videos, tmp_path, plan)
    for batches in range(3):
        scratch = tmp_path / str(batches)
        scratch.mkdir()
        with pytest.raises(KilledError):
            shard(videos, scratch, plan, DiesAfter(batches))
        assert len(list(scratch.glob("*.h5"))) == batches
        resumed, _ = shard(videos, scratch, plan, DiesAfter(3 - batches))
        assert resumed == whole


def test_finished_parts_are_not_taken_for_other_work(videos, tmp_path):
    shard(videos, tmp_path)
    with pytest.raises(KilledError):  # other frames are wanted
        shard(videos, tmp_path, {name: np.arange(0, 14) for name in videos}, DiesAfter(0))
    shard(videos, tmp_path)
    with pytest.raises(KilledError):  # other weights
        shard(videos, tmp_path, None, DiesAfter(0), dataclasses.replace(SETTINGS, weights_sha256="1"))


def test_bad_videos_are_issues_and_the_others_are_kept(folder, probed, tmp_path):
    broken = tmp_path / "videos"
    broken.mkdir()
    for path in folder.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "b.mkv").write_bytes((folder / "b.mkv").read_bytes()[:-300])
    plan = {"a": np.array([0]), "b": np.array([0]), "c": np.array([0])}
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    _, issues = shard(frame_tables(probed, broken), scratch, plan)
    assert [(issue.file, issue.key) for issue in issues] == [("b.mkv", "b")]
    assert "no longer the file that was probed" in issues[0].reason
    assert [video.video_id for video in read_videos(scratch / "shard.h5")[1]] == ["a", "c"]


def test_a_path_that_leaves_the_folder_is_refused(folder, probed):
    row = probed.slice(0, 1)
    outside = row.set_column(row.schema.get_field_index("path"), "path", pa.array(["../a.mp4"]))
    with pytest.raises(DataError, match=r"'\.\./a\.mp4'.*a path inside this folder"):
        frame_tables(outside, folder)


def test_vectors_that_are_not_finite_stop_the_extraction(videos, tmp_path):
    class Broken(barcode.CellMeans):
        def embed(self, frames):
            return super().embed(frames) * torch.nan

    with pytest.raises(DataError, match=r"not finite in float16: a\.mp4"):
        shard(videos, tmp_path, {"a": np.array([0])}, Broken())


def test_a_full_disk_stops_and_is_no_fault_of_the_videos(videos, tmp_path):
    """A file size limit stands for the full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        with pytest.raises(DataError, match=r"cannot write \(File too large\).*a\.h5.*free space"):
            shard(videos, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
