"""Boxes with their detector's scores, from a preset through the stages: a network of boxes reads them."""

from __future__ import annotations

from pathlib import Path

import barcode
import numpy as np
import pytest
from jobs import give_names_of, job_file, run_here
from workflow_copy import copy_workflow

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import BOXES, write_table
from foretaste.pipeline.plan import Plan
from foretaste.scores.reader import open_scores
from foretaste.settings.catalogue import Catalogue

FRAMES, FPS = 20, 5.0
VIDEOS = {"t": "training", "v": "validation"}
DATASET = """
title: Boxes
systems: mine
reader: {kind: csv, file: actions.csv}
videos: {folder: videos, pattern: "*.mp4"}
boxes: boxes.parquet
"""
SYSTEM = """
title: x
paper: x
task: recognition
primary_metric: top1
history: {rule: all}
models:
  boxes:
    role: teacher
    label: x
    view: {kind: boxes, frames: 2, rate: 5.0, scores: SCORES}
    network: {kind: stlt, variant: iccv2023, positions: 2, width: 8, heads: 2, spatial_layers: 1,
              temporal_layers: 1}
    objective: [{loss: {kind: cross_entropy}, of: action}]
    training: {epochs: 2, batch: 2, optimizer: {kind: sgd, lr: 0.1}}
"""


class Run:
    """A checkout with two clips, two actions in each, and a box with a score in every frame."""

    def __init__(self, folder: Path):
        self.folder, self.data = copy_workflow(folder), folder / "data"
        (folder / "workflow/datasets/mine.yaml").write_text(DATASET)
        (self.data / "videos").mkdir(parents=True)
        lines = ["video,start,stop,action,split"]
        for name, split in VIDEOS.items():
            barcode.write_clip(self.data / "videos" / f"{name}.mp4", FRAMES, fps=FPS)
            lines += [f"{name},0.1,1.3,wave,{split}", f"{name},2.1,3.3,rest,{split}"]
        (self.data / "actions.csv").write_text("\n".join(lines) + "\n")

    def logits(self, view_has_scores: bool, score: float) -> tuple[np.ndarray, bytes]:
        """(2, 2), what the trained model says of the two actions of v, and its weights; ``score`` is that of
        the box in v at 1.2 s.
        """
        rows = [
            (name, frame / FPS, None, "cup", 0.2, 0.3, 0.6, 0.8, score if (name, frame) == ("v", 6) else 0.5)
            for name in VIDEOS
            for frame in range(FRAMES)
        ]
        columns = dict(zip(BOXES.schema.names, map(list, zip(*rows, strict=True)), strict=True))
        write_table(self.data / "boxes.parquet", BOXES, columns)
        text = SYSTEM.replace("SCORES", str(view_has_scores).lower())
        (self.folder / "workflow/systems/mine.yaml").write_text(text)
        results = self.folder / "results"
        places = {"data_root": str(self.data), "results_root": str(results)}
        plan = Plan(Catalogue({"dataset": "mine", **places}, self.folder))
        model = {"system": "mine", "seed": "0", "model": "boxes"}
        for stage, names in (
            ("read_annotations", {}),
            ("probe_videos", {}),
            ("make_samples", {"task": "recognition"}),
            ("train", model),
            ("score", model),
        ):
            path = job_file(plan, stage, {"dataset": "mine", **names})
            run_here(path, stage)
            give_names_of(path)
        folder = results / "mine/mine/seed0/boxes"
        scores = open_scores(folder / "scores")
        ids = scores.sample_ids("validation")
        weights = (folder / "checkpoint/model.safetensors").read_bytes()
        return scores.logits("validation", "action", ids), weights


def test_a_score_alters_what_a_network_of_boxes_says_of_its_sample_and_of_no_other(tmp_path):
    run = Run(tmp_path)
    before, network = run.logits(True, 0.5)
    after, same = run.logits(True, 0.9)
    assert network == same, "the clip of validation teaches nothing"
    np.testing.assert_allclose(after[1], before[1], atol=1e-6)  # of another batch
    assert np.abs(after[0] - before[0]).max() > 1e-3
    # What is not shown is not read, and a network that is shown scores learns from them.
    unshown, other = run.logits(False, 0.5)
    np.testing.assert_array_equal(run.logits(False, 0.9)[0], unshown)
    assert other != network


def test_scores_that_are_none_are_named_before_anything_is_trained(tmp_path):
    run = Run(tmp_path)
    with pytest.raises(DataError, match=r"^2 samples .*: a box with the score 1\.5; v_2"):
        run.logits(True, 1.5)
