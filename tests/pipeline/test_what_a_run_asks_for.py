"""A run asks for what its own systems need, and a cluster for as many GPUs as processes share a step."""

from __future__ import annotations

import shutil
from pathlib import Path

from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.rules import Rules

ROOT = Path(__file__).parents[2]

COUNTS = "base: lm_avt_counts\ndatasets: [kitchen]\nprimary_metric: top1\n"


def catalogue(folder: Path, **settings) -> Catalogue:
    shutil.copytree(ROOT / "workflow", folder / "workflow")
    (folder / "workflow" / "systems" / "counting.yaml").write_text(COUNTS, encoding="utf-8")
    return Catalogue(settings, folder)


def test_worlds_that_are_pooled_need_no_video_where_the_run_s_systems_need_none(tmp_path):
    run = catalogue(tmp_path, dataset="kitchen_worlds", systems="counting")
    asked = Plan(run).describe("gather_issues", {"dataset": "kitchen_w1"}).inputs["issues"]
    assert asked == ["results/kitchen_w1/issues/read_annotations.parquet"]
    seen = Catalogue({"dataset": "kitchen_worlds", "systems": "lm_avt_study"}, tmp_path)
    asked = Plan(seen).describe("gather_issues", {"dataset": "kitchen_w1"}).inputs["issues"]
    assert "results/kitchen_w1/issues/probe_videos.parquet" in asked


def test_a_step_asks_for_a_gpu_a_process(tmp_path):
    run = catalogue(tmp_path, dataset="kitchen", processes={"student_lm": 2, "score": 3})
    rules = Rules(Plan(run))
    wildcards = {"dataset": "kitchen", "system": "lm_avt_demo", "seed": "0", "model": "student_lm"}
    assert rules.processes("train")(wildcards) == 2
    assert rules.processes("score")(wildcards) == 3
    assert rules.processes("train")({**wildcards, "model": "teacher_lm"}) == 1
