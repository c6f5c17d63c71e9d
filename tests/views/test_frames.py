"""Labelled frames: the right picture with the right label, augmented by (seed, epoch, row) alone."""

from __future__ import annotations

import barcode
import numpy as np
import pyarrow as pa
import pytest
import torch
from spaces import SEGMENTS_OF_THREE

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import VIDEOS
from foretaste.contracts.view import Look, Sources
from foretaste.pipeline.video_files import video_files
from foretaste.settings import families
from foretaste.video.probe import probe

PICTURE = {"height": 48, "width": 64}
AUGMENT = {"smallest": 0.7, "flip": 0.5, "brightness": 0.2, "contrast": 0.2, "colour": 0.1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for number in range(2):
        barcode.write_clip(folder / f"v{number}.mp4", 40, numbers=range(100 * number, 100 * number + 40))
    return folder


def segment(video_id, start_s, stop_s, action):
    return {
        "segment_id": f"{video_id}{start_s}",
        "dataset": "d",
        "split": "train",
        "video_id": video_id,
        "start_s": start_s,
        "stop_s": stop_s,
        "verb": "v",
        "noun": "n",
        "action": "a",
        "verb_id": None if action is None else action % 2,
        "noun_id": None,
        "action_id": action,
    }


SEGMENT_ROWS = [
    segment("v0", 0.55, 1.4, 5),
    segment("v0", 1.0, 1.2, 6),
    segment("v1", 3.0, 9.0, 7),
    segment("v1", 0.0, 1.0, None),
]


def build(folder, rows=SEGMENT_ROWS, **settings):
    columns, _ = probe(folder, video_files(folder).items())
    segments = pa.table(
        [pa.array([row.get(f.name) for row in rows], f.type) for f in SEGMENTS_OF_THREE],
        schema=SEGMENTS_OF_THREE,
    )
    sources = Sources(
        segments=segments, videos=pa.table(columns, schema=VIDEOS.schema), video_folders={"rgb": folder}
    )
    return families.build("views", {"kind": "frames", "picture": PICTURE, **settings}, sources=sources)


def test_rows_are_the_labelled_frames(folder):
    view = build(folder, rate=5.0)
    # 0.6 ... 1.4 s of v0; 3.0 s to the end (4.0 s) of v1; an unlabelled segment gives no row
    assert view.ids == ("v0@3", "v0@4", "v0@5", "v0@6", "v0@7", "v1@15", "v1@16", "v1@17", "v1@18", "v1@19")
    assert view.labels["action"].tolist() == [5, 5, 5, 6, 5, 7, 7, 7, 7, 7]
    assert view.labels["verb"].tolist() == [1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
    assert set(view.labels["noun"].tolist()) == {UNLABELLED}
    fetched = view.fetch([9, 0, 2])
    frames = fetched.inputs["frames"]
    assert (
        frames.shape == (3, 3, 48, 64)
        and frames.dtype == torch.uint8
        and frames.min() < 64
        and frames.max() > 192
    )
    pictures = frames.permute(0, 2, 3, 1).numpy()
    assert [barcode.read(picture) for picture in pictures] == [138, 6, 10]
    assert fetched.labels["action"].tolist() == [7, 5, 5]
    assert [view.newest_s(row) for row in (9, 0, 2)] == [3.8, 0.6, 1.0]


def test_augmentation_depends_on_seed_epoch_and_row_alone(folder):
    view = build(folder, rate=5.0, augment=AUGMENT)

    def fetch(rows, seed=1, epoch=2):
        return view.fetch(rows, Look(seed, epoch)).inputs["frames"]

    together = fetch([0, 1, 2])
    assert torch.equal(fetch([2])[0], together[2]) and torch.equal(fetch([2, 0]), together[[2, 0]])
    assert not torch.equal(fetch([2], epoch=3), fetch([2])) and not torch.equal(
        fetch([2], seed=2), fetch([2])
    )
    assert not torch.equal(view.fetch([2]).inputs["frames"], fetch([2]))


def test_without_augmentation_training_sees_the_frames_as_they_are(folder):
    view = build(folder, rate=5.0)
    assert torch.equal(*(view.fetch([0, 3], look).inputs["frames"] for look in (Look(0, 0), None)))


def test_digests_tell_frames_apart(folder):
    view = build(folder, rate=5.0)
    assert len({view.digest(row) for row in range(len(view))}) == len(view) and len(view.digest(0)) == 16


def test_what_cannot_be_is_refused(folder):
    with pytest.raises(DataError, match="no video 'v9'"):
        build(folder, [segment("v9", 0.0, 1.0, 1)])
    with pytest.raises(DataError, match="no labelled frame"):
        build(folder, [segment("v0", 0.0, 1.0, None)])
    with pytest.raises(ConfigError, match="frames take"):
        build(folder, memory_gb=1e-5)


def test_frames_are_cut_to_the_picture(folder):
    view = build(folder, picture={"height": 24, "width": 24, "margin": 1.25})
    assert view.pixels.shape[1:] == (24, 24, 3)
    assert len(np.unique(view.pixels.reshape(len(view), -1), axis=0)) > 1
