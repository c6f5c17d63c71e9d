"""Real frames of EPIC-KITCHENS with their published optical flow (RULSTM's sample), as tars of JPEG files:
through the probe, the shared geometry and the networks. Skipped where the sample is not there.
"""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pyarrow as pa
import pytest
import torch

from foretaste.contracts.batch import Batch
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.modalities import FLOW, RGB
from foretaste.contracts.tables import SAMPLES, VIDEOS
from foretaste.contracts.view import Look, Sources
from foretaste.pipeline.video_files import FRAME_SUFFIXES, video_files
from foretaste.settings import families
from foretaste.video.numbered_frames import Clock
from foretaste.video.probe import probe

FRAMES, SIZE = 6, 32
SHOWN = {
    "kind": "clip",
    "frames": FRAMES,
    "sampler": {"kind": "strided", "stride": 4},
    "geometry": {"size": SIZE, "scoring_side": 36, "training_sides": [36, 44]},
}
FLOW_PIXELS = {"pixels": {"mean": [0.5, 0.5], "std": [0.5, 0.5]}}
SWIN = {"kind": "video_swin", "width": 8, "depths": [1, 1], "heads": [1, 1], "window": [4, 4, 4]}
TIMESFORMER = {"kind": "timesformer", "image": SIZE, "patch": 8, "frames": FRAMES, "width": 8}
NETWORKS = {
    RGB: [SWIN, {**TIMESFORMER, "layers": 1, "heads": 1}],
    FLOW: [{**SWIN, **FLOW_PIXELS}, {"kind": "inception_i3d", "width": 0.05, **FLOW_PIXELS}],
}


def repacked(sample, folder):
    """The sample's files as one tar a modality: `frame_<number>.jpg`, and `u/` and `v/` of flow."""
    for modality in (RGB, FLOW):
        (folder / modality).mkdir()
    with (
        tarfile.open(sample) as given,
        tarfile.open(folder / RGB / "P01_01.tar", "w") as rgb,
        tarfile.open(folder / FLOW / "P01_01.tar", "w") as flow,
    ):
        for member in sorted(given.getmembers(), key=lambda one: one.name):
            _, _, name = member.name.rpartition("P01_01_")
            if not name.endswith(".jpg"):
                continue
            half, _, number = name.removeprefix("flow_").rpartition("_")
            inner = f"frame_{number}" if half == "frame" else f"{half}/frame_{number}"
            data = given.extractfile(member).read()
            entry = tarfile.TarInfo(inner)
            entry.size = len(data)
            (rgb if half == "frame" else flow).addfile(entry, io.BytesIO(data))


@pytest.fixture(scope="module")
def sources(tmp_path_factory, shared_data):
    folder, tables = tmp_path_factory.mktemp("epic"), []
    repacked(shared_data / "rulstm/sample_features.tar.gz", folder)
    for modality in (RGB, FLOW):
        files = video_files(folder / modality, suffixes=FRAME_SUFFIXES)
        columns, issues = probe(
            folder / modality, files.items(), modality=modality, clock=Clock(fps=30.0, first=1)
        )
        assert not issues
        tables.append(pa.table(columns, schema=VIDEOS.schema))
    row = {"video_id": "P01_01", "split": "training"}
    rows = [
        {**row, "sample_id": f"s{at}", "segment_id": f"s{at}"}
        | {f"{what}_{edge}": value for what in ("window", "target") for edge, value in times.items()}
        for at, times in enumerate(({"start_s": 0.2, "stop_s": 1.4}, {"start_s": 1.0, "stop_s": 3.0}))
    ]
    return Sources(
        samples=pa.Table.from_pylist(rows, schema=SAMPLES.schema),
        videos=pa.concat_tables(tables),
        video_folders={modality: folder / modality for modality in (RGB, FLOW)},
        classes=ClassSpace(heads={"action": ("take", "put")}),
    )


def test_frames_and_published_flow_are_shown_together(sources):
    views = {modality: {**SHOWN, "modality": modality} for modality in (RGB, FLOW)}
    view = families.build("views", {"kind": "named", "views": views}, sources=sources)
    for look in (None, *(Look(2, epoch) for epoch in range(8))):
        found = view.fetch([0, 1], look).inputs
        assert found["rgb.frames"].shape == (2, FRAMES, 3, SIZE, SIZE)
        assert found["flow.frames"].shape == (2, FRAMES, 2, SIZE, SIZE)
        # The first seconds of P01_01 are nearly black.
        assert abs(found["flow.frames"].float().median() - 128) < 8 and found["rgb.frames"].float().std() > 1
        for row in (0, 1):
            shown = [one.shown.frames(row, look) for one in view.views.values()]
            np.testing.assert_array_equal(*shown)


@pytest.mark.parametrize("modality", [RGB, FLOW])
def test_networks_take_both(sources, modality):
    view = families.build("views", {**SHOWN, "modality": modality}, sources=sources)
    batch = Batch(ids=("s0", "s1"), inputs=view.fetch([0, 1]).inputs)
    for network in NETWORKS[modality]:
        torch.manual_seed(0)
        model = families.build("models", network, sources=sources).eval()
        with torch.inference_mode():
            logits = model(batch).logits["action"]
        assert logits.shape == (2, 2) and torch.isfinite(logits).all() and logits[0].ne(logits[1]).any()
