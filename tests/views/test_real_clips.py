"""Real clips of Something-Something with boxes (Something-Else), through the readers of frames and boxes, the
shared geometry, flow, and the networks that see them. Skipped where the clips are not there.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from foretaste.__main__ import main
from foretaste.contracts.batch import Batch
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.tables import SAMPLES, VIDEOS, read_boxes, read_table, write_table
from foretaste.contracts.view import Look, Sources
from foretaste.pipeline.video_files import FRAME_SUFFIXES, video_files
from foretaste.settings import families
from foretaste.video.flow import flow_before
from foretaste.video.frame_table import frame_tables
from foretaste.video.numbered_frames import Clock
from foretaste.video.probe import probe

FRAMES, SIZE = 8, 32
GEOMETRY = {"size": SIZE, "scoring_side": 36, "training_sides": [36, 44]}
SHOWN = {"frames": FRAMES, "sampler": {"kind": "uniform"}, "geometry": GEOMETRY}
VIEWS = {
    "rgb": {"kind": "clip", **SHOWN},
    "boxes": {"kind": "boxes", **SHOWN},
    "drawn": {"kind": "boxes", **SHOWN, "drawn": 2},
}
NETWORKS = {
    "video_swin": {"width": 8, "depths": [1, 1], "heads": [1, 1], "window": [4, 4, 4]},
    "timesformer": {"image": SIZE, "patch": 8, "frames": FRAMES, "width": 8, "layers": 1, "heads": 1},
    "stlt": {"variant": "iccv2023", "width": 8, "heads": 1, "spatial_layers": 1, "temporal_layers": 1}
    | {"positions": FRAMES, "labels": ["object", "hand"]},
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory, shared_data):
    given, folder = shared_data / "something_else", tmp_path_factory.mktemp("clips")
    for tar in given.glob("frames_*.tar"):
        shutil.copy(tar, folder / tar.name.removeprefix("frames_"))
    files = video_files(folder, suffixes=FRAME_SUFFIXES)
    columns, issues = probe(folder, files.items(), clock=Clock(fps=12.0, first=1))
    assert not issues
    videos, boxes = folder / "videos.parquet", folder / "boxes.parquet"
    write_table(videos, VIDEOS, columns)
    asked = ["import-boxes", str(given / "boxes.json"), "--videos", str(videos), "--out", str(boxes)]
    assert main(asked) == 0
    with open(given / "clips.csv", newline="", encoding="utf-8") as file:
        clips = list(csv.DictReader(file))
    tables = frame_tables(read_table(videos, VIDEOS), folder)
    rows = []
    for clip in clips:
        times = {"start_s": 0.0, "stop_s": float(tables[clip["video"]].pts_s[-1])}
        window = {f"{what}_{name}": value for what in ("window", "target") for name, value in times.items()}
        names = dict.fromkeys(("sample_id", "segment_id", "video_id"), clip["video"])
        rows.append({**names, **window, "split": "training", "action": clip["name"]})
    names = tuple(sorted({row.pop("action") for row in rows}))
    every = Sources(
        samples=pa.Table.from_pylist(rows, schema=SAMPLES.schema),
        videos=read_table(videos, VIDEOS),
        boxes=read_boxes(boxes),
        video_folders={"rgb": folder},
        classes=ClassSpace(heads={"action": names}),
    )
    # Of one clip the last frames are not among those that somebody looked at for boxes.
    member = families.load("views", "boxes")
    reasons = member.unseen(member.Config(**SHOWN), every).tolist()
    early = "its boxes end at 1.83 s, before the last frame of the window (2.67 s)"
    assert [(row["video_id"], reason) for row, reason in zip(rows, reasons) if reason] == [("151201", early)]
    left = every.samples.filter(pa.array([reason is None for reason in reasons]))
    return replace(every, samples=left)


def view(sources, name):
    return families.build("views", VIEWS[name], sources=sources)


def test_boxes_are_drawn_in_the_frames_that_are_shown(sources):
    rgb, boxes = view(sources, "rgb"), view(sources, "boxes")
    rows = range(len(rgb))
    for look in (None, Look(1, 0), Look(1, 1)):
        for row in rows:
            np.testing.assert_array_equal(rgb.shown.frames(row, look), boxes.shown.frames(row, look))
        frames = rgb.fetch(rows, look).inputs["frames"]
        assert frames.shape == (5, FRAMES, 3, SIZE, SIZE) and frames.float().std() > 20
        found = boxes.fetch(rows, look).inputs
        assert ((found["boxes"] >= 0) & (found["boxes"] <= 1)).all() and (found["classes"] > 0).sum() > 50
    assert boxes.labels == ("hand", "object")


@pytest.mark.parametrize(
    ("network", "name"),
    [("video_swin", "rgb"), ("video_swin", "drawn"), ("timesformer", "rgb"), ("stlt", "boxes")],
)
def test_every_network_says_something_of_them(sources, network, name):
    torch.manual_seed(0)
    model = families.build("models", {"kind": network, **NETWORKS[network]}, sources=sources).eval()
    shown = view(sources, name)
    ids = tuple(sources.samples["sample_id"].to_pylist())
    with torch.inference_mode():
        made = model(Batch(ids=ids, inputs=shown.fetch(range(len(shown))).inputs))
    logits = made.logits["action"]
    assert logits.shape == (5, len(sources.classes.names("action"))) and torch.isfinite(logits).all()
    assert logits.std(0).max() > 1e-4, "clips are told apart"


def test_flow_of_real_frames_is_that_of_something_that_moves(sources):
    tables = frame_tables(sources.videos, sources.video_folders["rgb"])
    for video in tables.values():
        frames = np.array([0, 5, 10])
        found = dict(flow_before(video, frames, (72, 128), "dis"))
        assert sorted(found) == [0, 5, 10] and (found[0] == 128).all()
        assert found[10].shape == (72, 128, 2) and found[10].std() > 0.1
