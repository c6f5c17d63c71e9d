"""Steps appear whole or not at all, and two runs of one step never write at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from damage import damaged, malformed, outcomes

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked
from foretaste.pipeline import artifact
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.provenance import digest, identity_of, record_path
from foretaste.pipeline.running import run_step
from foretaste.pipeline.specs import step_file
from foretaste.pipeline.step import StoredStep

ROOT = Path(__file__).parents[2]


def make_step(folder: Path, **config) -> Path:
    source = folder / "source.txt"
    source.write_text("raw")
    spec = {
        "stage": "copy",
        "wildcards": {"seed": "3"},
        "config": config,
        "threads": 1,
        "processes": 1,
        "code": "0",
    }
    step = {
        "format": 1,
        "spec": spec,
        "inputs": {"source": str(source)},
        "outputs": {"out": str(folder / "out.txt")},
        "places": {"folder": "x"},
    }
    path = folder / "results" / ".steps" / f"copy-{digest(spec)[:20]}.json"
    artifact.write_json(path, step)
    return path


def copy(step):
    assert step.wildcards == {"seed": 3} and step.config["folder"] == "x"
    with artifact.whole(step.outputs["out"]) as partial:
        partial.write_text(step.inputs["source"].read_text())


def slow_copy(step):
    with open(step.scratch.parent / "runs", "a") as file:
        file.write("x")
    time.sleep(1.0)
    copy(step)


def test_a_record_stands_beside_the_output(tmp_path):
    path = make_step(tmp_path, a=1)
    run_step(path, copy)
    record = json.loads(record_path(tmp_path / "out.txt").read_text())
    assert record["identity"] == digest(record["record"])
    assert record["record"]["spec"]["config"] == {"a": 1}
    assert record["record"]["inputs"]["source"] == artifact.sha256(tmp_path / "source.txt")
    assert str(tmp_path) not in json.dumps(record), "places are no part of a record"
    assert not list((tmp_path / "results" / ".scratch").iterdir())


def test_damaged_and_malformed_steps_are_one_line_each(tmp_path, monkeypatch):
    """Or they run: a path may be any text."""
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b" / "c")
    path = make_step(tmp_path, a=1)
    whole = path.read_bytes()

    def one(seed):
        path.write_bytes(damaged(whole, seed) if seed % 2 else malformed(whole, seed))
        run_step(path, lambda step: None)

    lines, _ = outcomes(one, range(300))
    assert len(lines) > 150


def test_damaged_and_malformed_records_are_one_line_each(tmp_path):
    path = make_step(tmp_path, a=1)
    run_step(path, copy)
    record = record_path(tmp_path / "out.txt")
    whole = record.read_bytes()

    def one(seed):
        record.write_bytes(damaged(whole, seed) if seed % 2 else malformed(whole, seed))
        identity_of(tmp_path / "out.txt", tmp_path / "memory")

    lines, passed = outcomes(one, range(300))
    assert len(lines) > 280 and len(lines) + passed == 300


MODEL = {"dataset": "kitchen_micro", "system": "lm_avt_micro", "seed": "0"}
STEPS = {
    "make_kitchen": {"dataset": "kitchen_micro", "part": "videos"},
    "read_recipes": {"corpus": "kitchen_micro"},
    "extract_openie": {"text": "kitchen_micro", "shard": "0"},
    "make_phrases": {"text": "kitchen_micro"},
    "fetch_weights": {"weights": "minilm"},
    "pretrain": {"corpus": "kitchen_micro", "lm": "minilm_recipes_micro"},
    "read_annotations": {"dataset": "kitchen_micro"},
    "make_samples": {"dataset": "kitchen_micro", "task": "anticipation"},
    "probe_videos": {"dataset": "kitchen_micro"},
    "train_backbone": {"dataset": "kitchen_micro", "backbone": "frames_micro"},
    "extract_features": {"dataset": "kitchen_micro", "backbone": "frames_micro", "shard": "0"},
    "gather_issues": {"dataset": "kitchen_micro"},
    "train": {**MODEL, "model": "student_lm"},
    "score": {**MODEL, "model": "student_lm"},
    "average": {**MODEL, "model": "teacher_lm_counts"},
    "evaluate": {**MODEL, "model": "student_lm"},
    "report": {"dataset": "kitchen_micro", "system": "lm_avt_micro", "scope": ""},
}


@pytest.mark.parametrize("stage", STEPS)
def test_what_the_workflow_writes_is_what_a_stage_reads(stage, tmp_path):
    plan = Plan(Catalogue({"dataset": "kitchen_micro", "results_root": str(tmp_path / "results")}, ROOT))
    kept = step_file(plan, stage, STEPS[stage])
    kept.keep()
    stored = artifact.read_json(kept.path)
    assert checked(stored, StoredStep, kept.path, "run it again").model_dump(mode="json") == stored


def test_a_failing_stage_leaves_no_output(tmp_path):
    def fail(step):
        with artifact.whole(step.outputs["out"]) as partial:
            partial.write_text("half")
            raise DataError("bad row", "file", "a good row", "mend it")

    with pytest.raises(DataError):
        run_step(make_step(tmp_path), fail)
    assert not (tmp_path / "out.txt").exists() and not list(tmp_path.glob(".out*"))


def test_a_second_run_waits_and_takes_over(tmp_path):
    path = make_step(tmp_path)
    context = multiprocessing.get_context("fork")
    first = context.Process(target=run_step, args=(path, slow_copy))
    first.start()
    time.sleep(0.4)
    run_step(path, slow_copy)
    first.join()
    assert (tmp_path / "results" / ".scratch" / "runs").read_text() == "x", "the stage ran once"


def test_a_killed_run_is_started_again(tmp_path):
    path = make_step(tmp_path)
    process = multiprocessing.get_context("fork").Process(target=run_step, args=(path, slow_copy))
    process.start()
    time.sleep(0.4)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not (tmp_path / "out.txt").exists()
    run_step(path, copy)
    assert (tmp_path / "out.txt").read_text() == "raw"


def test_half_finished_work_is_not_taken_up_on_other_inputs(tmp_path):
    def half(step):
        (step.scratch / "half").write_text(step.inputs["source"].read_text())
        raise DataError("killed", "here", "patience", "start again")

    def rest(step):
        seen.extend(path.read_text() for path in step.scratch.iterdir())
        copy(step)

    path = make_step(tmp_path)
    for change, expected in ((None, ["raw"]), ("other", [])):
        seen: list[str] = []
        with pytest.raises(DataError):
            run_step(path, half)
        if change:
            (tmp_path / "source.txt").write_text(change)
        run_step(path, rest)
        assert seen == expected
    assert not list((tmp_path / "results" / ".scratch").iterdir())


def test_whole_replaces_folders_and_files(tmp_path):
    for text in ("one", "two"):
        with artifact.whole(tmp_path / "folder") as partial:
            partial.mkdir()
            (partial / f"{text}.txt").write_text(text)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["two.txt"]


def test_a_full_disk_is_one_line(tmp_path):
    def full(step):
        with artifact.whole(step.outputs["out"]):
            raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match=r"cannot write \(No space left on device\).*out.txt.*free space"):
        run_step(make_step(tmp_path), full)
