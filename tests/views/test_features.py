"""Windows of features: the right frames, never the future, the labels of the past."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
import torch
from spaces import THREE

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import SAMPLES, SEGMENTS
from foretaste.contracts.view import Look, Sources
from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, write_features
from foretaste.settings import families
from foretaste.views.observed import label_at

FPS = 4.0
ORIGIN = Origin(
    grid_fps=FPS,
    grid_rule=GRID_RULE,
    width=3,
    dtype="float16",
    backbone="{}",
    weights_sha256="0",
    picture="{}",
)


def feature(video_id, k):
    """A vector that says which video and grid time it is of."""
    return [ord(video_id), k, 1.0]


def write(path, videos=("a", "b"), frames=200, change=None):
    stored = []
    for video_id in videos:
        k = np.arange(frames)
        feat = np.array([feature(video_id, i) for i in k], np.float16)
        if change:
            feat = change(feat)
        stored.append(
            VideoFeatures(
                video_id=video_id,
                feat=feat,
                grid_index=k,
                pts_s=k / FPS - 0.02,
                valid=np.ones(frames, bool),
                source_sha256="",
                decoder="",
                rotation=0,
            )
        )
    write_features(path, ORIGIN, stored)
    return (path,)


def table(definition, rows):
    columns = {field.name: [row.get(field.name) for row in rows] for field in definition.schema}
    return pa.table(
        [pa.array(columns[field.name], field.type) for field in definition.schema], schema=definition.schema
    )


def sample(video_id, stop_s, tau_o=10.0, split="train", **more):
    return {
        "sample_id": f"{video_id}/{stop_s}",
        "segment_id": f"{video_id}/{stop_s}",
        "video_id": video_id,
        "split": split,
        "window_start_s": stop_s - tau_o,
        "window_stop_s": stop_s,
        "target_start_s": stop_s + 1,
        "target_stop_s": stop_s + 2,
        **more,
    }


SAMPLE_ROWS = [sample("a", 12.34), sample("b", 30.0), sample("a", 3.1), sample("b", 0.1), sample("a", 49.75)]


def build(paths, rows=SAMPLE_ROWS, segments=None, **settings):
    sources = Sources(
        samples=table(SAMPLES, rows),
        features=paths,
        segments=None if segments is None else table(SEGMENTS.of(THREE), segments),
    )
    return families.build("views", {"kind": "features", **settings}, sources=sources)


def fetch(view, rows):
    return view.fetch(rows, Look(0, 0)).inputs["features"]


def test_windows_hold_the_right_frames(tmp_path):
    view = build(write(tmp_path / "0.h5"))
    got = fetch(view, [2, 0, 3])
    assert got.shape == (3, 10, 3) and got.dtype == torch.float16
    assert got[0, :, 1].tolist() == [
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        4,
        8,
        12,
    ], "the first frame is repeated before the video"
    assert got[1, :, 1].tolist() == list(range(49 - 36, 50, 4)) and set(got[1, :, 0].tolist()) == {ord("a")}
    assert got[2, :, 1].tolist() == [0] * 10 and set(got[2, :, 0].tolist()) == {ord("b")}


def test_windows_of_maps_have_all_their_axes(tmp_path):
    vectors = build(write(tmp_path / "0.h5"))
    maps = build(write(tmp_path / "1.h5", change=lambda feat: np.stack([feat, feat + 1], axis=1)))
    got = fetch(maps, [2, 0])
    assert got.shape == (2, 10, 2, 3) and got.dtype == torch.float16
    assert (got[:, :, 0] == fetch(vectors, [2, 0])).all() and (got[:, :, 1] - got[:, :, 0] == 1).all()
    assert maps.digest(0) != vectors.digest(0) and maps.newest_s(0) == vectors.newest_s(0)


def test_nothing_after_the_window_changes_what_is_seen(tmp_path):
    """Altering every later vector alters nothing; altering the last one that may be seen does."""
    view = build(write(tmp_path / "0.h5"))
    for row, (stop_s, want) in enumerate(
        (r["window_stop_s"], fetch(view, [i])) for i, r in enumerate(SAMPLE_ROWS)
    ):
        last = int(stop_s * FPS)
        spoil = {
            "later": lambda feat, last=last: np.where(np.arange(len(feat))[:, None] > last, 99, feat),
            "last": lambda feat, last=last: np.where(np.arange(len(feat))[:, None] == last, 99, feat),
        }
        altered = {
            name: build(write(tmp_path / f"{name}{row}.h5", change=change)) for name, change in spoil.items()
        }
        assert (fetch(altered["later"], [row]) == want).all()
        assert altered["later"].digest(row) == view.digest(row)
        assert (fetch(altered["last"], [row]) != want).any()
        assert altered["last"].digest(row) != view.digest(row)
        assert stop_s - 1 / FPS - 0.02 <= view.newest_s(row) <= stop_s


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0, 4.0])
def test_newest_is_never_after_the_window(tmp_path, rate):
    view = build(write(tmp_path / "0.h5"), rate=rate, frames=7)
    assert all(view.newest_s(row) <= SAMPLE_ROWS[row]["window_stop_s"] for row in range(len(view)))


def test_missing_vectors_stop_the_building(tmp_path):
    with pytest.raises(DataError, match="no feature at grid index 199"):
        build(write(tmp_path / "0.h5", frames=199))
    with pytest.raises(DataError, match="no features of video 'b'"):
        build(write(tmp_path / "1.h5", videos="a"))
    with pytest.raises(DataError, match="samples that were dropped"):
        build(write(tmp_path / "2.h5"), [sample("a", 5.0, dropped_because="early")])
    with pytest.raises(ConfigError, match="divides the grid"):
        build(write(tmp_path / "3.h5"), rate=3.0)


def segment(video_id, stop_s, start, stop, action, split="train"):
    return {
        "segment_id": f"{video_id}/{stop_s}",
        "dataset": "d",
        "split": split,
        "video_id": video_id,
        "start_s": start,
        "stop_s": stop,
        "verb": "v",
        "noun": "n",
        "action": "a",
        "verb_id": action % 3,
        "noun_id": None if action == 2 else action % 5,
        "action_id": action,
    }


def test_past_labels_are_of_usable_segments_of_the_same_split(tmp_path):
    segments = [
        segment("a", 12.34, 5.0, 8.0, 7),
        segment("a", 3.1, 6.5, 7.5, 2),  # overlaps the one before
        segment("a", "unused", 9.0, 13.0, 4),  # has no usable sample
        segment("b", 30.0, 0.0, 50.0, 1),
        segment("a", 49.75, 0.0, 4.9, 3, split="validation"),
    ]
    view = build(write(tmp_path / "0.h5"), segments=segments, past=True)
    labels = view.fetch([0, 1]).labels
    times = np.arange(13, 50, 4) / FPS  # 3.25, 4.25 ... 12.25
    starts, stops, actions = np.array([5.0, 6.5]), np.array([8.0, 7.5]), np.array([7, 2])
    want = [label_at(t, starts, stops, actions, "midpoint") for t in times]
    assert labels["past_action"][0].tolist() == want and set(want) == {UNLABELLED, 7, 2}
    assert labels["past_verb"][0].tolist() == [UNLABELLED if a == UNLABELLED else a % 3 for a in want]
    assert labels["past_noun"][0].tolist() == [{UNLABELLED: UNLABELLED, 7: 2, 2: UNLABELLED}[a] for a in want]
    assert labels["past_action"][1].tolist() == [1] * 10
    published = build(write(tmp_path / "1.h5"), segments=segments, past=True, past_ties="half_duration")
    ties = published.fetch([0]).labels["past_action"][0].tolist()
    assert ties == [label_at(t, starts, stops, actions, "half_duration") for t in times] != want


def test_past_labels_equal_avts(tmp_path, shared_golden):
    """On a 30 a second grid the view labels each frame as AVT's own code labels it, wherever frame / 30 and
    AVT's evenly spaced times fall on the same side of every border.
    """
    import json

    stored = json.loads((shared_golden / "sampling.json").read_text())
    case = next(c for c in stored["cases"] if c["config"]["name"] == "egtea_tsn")
    names = {"VID-A": "a", "VID-B": "b"}
    rows, segments = [], []
    for s in stored["segments"]:
        if s["uid"] in case["kept_uids"]:
            name, start, stop = names[s["video"]], s["start_frame"] / 30, s["end_frame"] / 30
            rows.append(sample(name, start - 0.5, segment_id=str(s["uid"])))
            segments.append(segment(name, "", start, stop, s["action"]) | {"segment_id": str(s["uid"])})
    origin = dataclasses.replace(ORIGIN, grid_fps=30.0, dtype="float32")
    k = np.arange(2000)
    videos = [
        VideoFeatures(
            video_id=name,
            feat=np.repeat(k[:, None], 3, 1),
            grid_index=k,
            pts_s=k / 30,
            valid=np.ones(2000, bool),
            source_sha256="",
            decoder="",
            rotation=0,
        )
        for name in "ab"
    ]
    write_features(tmp_path / "0.h5", origin, videos)
    view = build((tmp_path / "0.h5",), rows, segments, past=True, past_ties="half_duration")
    got = view.fetch(range(len(rows)))
    frames, past = got.inputs["features"][..., 0].numpy(), got.labels["past_action"].numpy()
    golden_frames = np.array([s["feature_frame"] for s in case["samples"]])
    # AVT's frame n (from 1) ends at n / 30; ours is the one shown at the stop of the window: the next one, or
    # with rounding the same.
    full = golden_frames[:, 0] != golden_frames[:, 1]
    assert set((frames[full] - golden_frames[full]).ravel()) <= {0.0, 1.0}
    golden_past = np.array([s["past_action"] for s in case["samples"]])
    assert (past == golden_past)[full].mean() > 0.95
