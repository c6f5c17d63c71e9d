"""A run asks for what its own systems need, and a cluster for as many GPUs as processes share a step."""

from __future__ import annotations

from pathlib import Path

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.rules import Rules
from foretaste.settings.catalogue import Catalogue

COUNTS = "base: lm_avt_counts\ndatasets: [kitchen]\nprimary_metric: top1\n"


@pytest.fixture(autouse=True)
def _away_from_results_of_the_checkout(tmp_path, monkeypatch):
    """There may be some, of a demo, and what is there is not asked for."""
    monkeypatch.chdir(tmp_path)


def catalogue(folder: Path, **settings) -> Catalogue:
    copy_workflow(folder)
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
    rules = Rules.of(run, may_write=False, keys_at=lambda places: {}, named_at=None)
    folder = "results/kitchen/lm_avt_demo/seed0"
    asked = {}
    for stage, path in (
        ("train", "student_lm/checkpoint"),
        ("score", "student_lm/scores"),
        ("train", "teacher_lm/checkpoint"),
    ):
        rules.wanted(lambda _, path=path: [f"{folder}/{path}"])({})
        key = rules.graph.at(f"{folder}/{path}")[0].key.partition("/")[2]
        asked[path] = rules.resources(stage)["gpu"]({"run": rules.run, "identity": key}, attempt=1)
    assert asked == {"student_lm/checkpoint": 2, "student_lm/scores": 3, "teacher_lm/checkpoint": 1}


def test_a_run_with_a_store_that_is_not_there_does_not_begin(tmp_path):
    run = catalogue(tmp_path, dataset="kitchen", stores=[f"{tmp_path}/nowhere"])
    with pytest.raises(ConfigError, match="no folder"):
        Rules.of(run, may_write=False, keys_at=lambda places: {}, named_at=None)


def test_scores_that_are_reused_are_never_made(tmp_path):
    """What a name stands for may be gone, or not be whole, where it was published."""
    scores, key = "results/kitchen/counting/seed0/teacher_unigram/scores", f"score/{0:020x}"
    run = {"dataset": "kitchen", "systems": "counting"}
    made = Rules.of(catalogue(tmp_path, **run), may_write=False, keys_at=lambda places: {}, named_at=None)
    record = made.graph.at(scores)[0].record
    reusing = Catalogue({**run, "set": {"teacher_unigram.reuse": "theirs@1"}}, tmp_path)
    rules = Rules.of(reusing, False, lambda places: {}, named_at=lambda places, name: (key, record))
    with pytest.raises(SystemExit, match=f"error: {key}, which a preset reuses, is not whole: {scores}"):
        rules.wanted(lambda _: [scores])({})


def test_scores_are_told_licence_and_terms_of_their_data_set(tmp_path):
    """And say so where nobody stated them."""
    step = {"system": "lm_avt", "seed": "0", "model": "teacher_lm"}
    told = {}
    for dataset in ("kitchen_w1", "epic55", "egtea_s1"):
        run = Catalogue(
            {"dataset": dataset, "data_root": "data", "recipes": "r.json"}, copied(tmp_path, dataset)
        )
        told[dataset] = Plan(run).describe("score", {"dataset": dataset, **step}).config["data"]
    assert told["kitchen_w1"] == {"licence": "public domain", "terms": "none; all of it is generated"}
    assert told["epic55"]["licence"].startswith("CC BY-NC 4.0 (annotations)")
    assert told["egtea_s1"] == {"licence": None, "terms": "research use (videos)"}


def copied(folder: Path, name: str) -> Path:
    copy_workflow(folder / name)
    return folder / name


def test_students_of_stored_frames_ask_for_frames_and_for_no_video(tmp_path):
    copy_workflow(tmp_path)
    plan = Plan(Catalogue({"dataset": "kitchen", "systems": "lm_avt_end_to_end"}, tmp_path))
    names = {"dataset": "kitchen", "system": "lm_avt_end_to_end", "seed": "0", "model": "student_lm"}
    for stage in ("train", "score"):
        asked = plan.describe(stage, names)
        assert asked.inputs["frames_rgb"] == ["results/kitchen/frames/frames/rgb/0.h5"]
        assert "video_files" not in asked.inputs and "video_folders" not in asked.places
    shard = {"dataset": "kitchen", "frame_store": "frames", "modality": "rgb", "shard": "0"}
    stored = plan.describe("store_frames", shard).config
    assert [one["sampling"]["frames"] for one in stored["shown"]] == [10] and stored["side"] == 112
