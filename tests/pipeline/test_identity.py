"""What a run makes follows from the records of its steps: not from times, places or names, nor from what a
run before left beside the results.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from jobs import give_names_of, rules_of, run_here
from preset_run import PresetRun

from foretaste.pipeline.jobs import read_job
from foretaste.pipeline.rules import NAMES
from foretaste.pipeline.store import entry_of, read_entry

LABELS = {"loss": {"kind": "cross_entropy"}, "of": "action"}
KL = {"kind": "kl", "temperature": 2.0, "t_squared": True}
COUNTS = {
    "role": "teacher",
    "label": "counts",
    "view": {"kind": "action_ids"},
    "network": {"kind": "counts"},
    "training": {"kind": "counting"},
}
READER = {
    "role": "teacher",
    "label": "reads",
    "view": {"kind": "action_history"},
    "network": {"kind": "text_encoder"},
    "lm": "tiny",
    "objective": [LABELS],
    "training": {"steps": 2, "batch": 8, "optimizer": {"kind": "adamw", "lr": 1e-3}},
}
OF_A_MODEL = ("train", "score", "evaluate")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> PresetRun:
    """A finished run of two models."""
    run = PresetRun(tmp_path_factory.mktemp("identity"), {"counts": COUNTS, "reader": READER})
    run.tables()
    for model in ("counts", "reader"):
        finish(run, model)
    return run


def finish(run: PresetRun, model: str, **settings) -> None:
    for stage in OF_A_MODEL:
        run.make(stage, model, **settings)


def of(model: str) -> set[str]:
    return {f"{stage} {model}" for stage in OF_A_MODEL}


#: What is asked for where nothing else is.
METRICS = ("counts/metrics.json", "reader/metrics.json")


def planned(
    run: PresetRun, results: Path | None = None, asked: tuple[str, ...] = METRICS, **settings
) -> set[str]:
    """The jobs of what is asked for, as Snakemake finds them: from the target to what each needs."""
    results = results or run.results
    rules = rules_of(run.plan(results_root=str(results), **settings).catalogue)
    targets = [f"{results}/tea/mine/seed0/{path}" for path in asked]
    waiting = rules.wanted(lambda _: targets)({})
    if waiting == targets:
        return set()
    found = set()
    while waiting:
        *_, run_name, stage, identity = Path(waiting.pop()).parts
        wildcards = {"run": run_name, "identity": identity}
        said = rules.what(stage)(wildcards).partition(" ")[0]
        found.add(stage if "/seed0/" not in said else f"{stage} {said.split('/seed0/')[1].split('/')[0]}")
        waiting += rules.needs(stage)(wildcards)
    return found


def shuffle_times(folder: Path) -> None:
    moments = random.Random(0)
    for path in sorted(folder.rglob("*")):
        moment = moments.randrange(10**9, 2 * 10**9)
        os.utime(path, (moment, moment), follow_symlinks=False)


def test_what_is_there_is_not_made_again(whole):
    assert planned(whole) == set()


def test_planning_writes_nothing(whole):
    def listing() -> list[tuple[str, int]]:
        return sorted((str(path), path.lstat().st_mtime_ns) for path in whole.results.rglob("*"))

    before = listing()
    assert "train counts" in planned(whole, history_rule="all")
    assert listing() == before


def test_a_copy_with_other_times_is_as_good(whole, tmp_path):
    shutil.copytree(whole.results, tmp_path / "copy", symlinks=True)
    shuffle_times(tmp_path / "copy")
    assert planned(whole, tmp_path / "copy") == set()
    metrics = tmp_path / "copy/tea/mine/seed0/counts/metrics.json"
    assert metrics.resolve().is_relative_to(tmp_path / "copy"), "its names lead into itself"


def test_another_path_to_the_same_folder_is_the_same(whole, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(whole.results)
    assert planned(whole, tmp_path / "link") == set()
    monkeypatch.chdir(whole.folder)
    assert planned(whole, Path("results")) == set()


def test_a_raw_file_that_is_touched_is_the_same(whole):
    os.utime(whole.folder / "data/tea.csv")
    assert planned(whole) == set()


def test_an_exchanged_raw_file_with_an_older_time_remakes_what_reads_it(whole):
    path = whole.folder / "data/weights/tiny/tokenizer_config.json"
    good = path.read_bytes()
    path.write_bytes(good + b"\n")
    os.utime(path, (10**9, 10**9))
    try:
        assert planned(whole) == {"fetch_weights", *of("reader"), NAMES}
    finally:
        path.write_bytes(good)
    assert planned(whole) == set()


def test_a_damaged_result_is_made_again_where_it_is_wanted_and_what_was_made_of_it_stands(whole, tmp_path):
    shutil.copytree(whole.results, tmp_path / "copy", symlinks=True)
    log = (tmp_path / "copy/tea/mine/seed0/reader/log.jsonl").resolve()
    log.chmod(0o644)
    log.write_bytes(log.read_bytes()[:-1])
    assert planned(whole, tmp_path / "copy", ("reader/log.jsonl", *METRICS)) == {"train reader", NAMES}
    assert planned(whole, tmp_path / "copy") == set()


def test_there_and_back_makes_nothing_on_the_way_back(whole):
    metrics = whole.of("counts") / "metrics.json"
    ruled = {}
    assert planned(whole, history_rule="end") == {*of("counts"), *of("reader"), NAMES}
    finish(whole, "counts", history_rule="end")
    ruled["end"] = json.loads(metrics.read_text())["protocol"]["history_rule"]
    assert planned(whole) == {NAMES}, "the names are those of the other run"
    finish(whole, "counts")
    ruled["start"] = json.loads(metrics.read_text())["protocol"]["history_rule"]
    assert ruled == {"start": "start", "end": "end"} and planned(whole) == set()


def test_a_job_reads_what_it_was_planned_on_whatever_bears_the_name_now(whole):
    """A scoring of one run that starts when another has changed the names."""
    path = whole.job("score", "reader")
    whole.forget("score", "reader")
    whole.make("train", "reader", history_rule="end")
    assert "rule: end" in (whole.of("reader") / "config.yaml").read_text()
    run_here(path, "score")
    give_names_of(path)
    record = read_entry(entry_of(whole.of("reader") / "scores")).record
    assert record == read_job(path)["record"]
    assert record["inputs"]["checkpoint"] == f"{read_job(whole.job('train', 'reader'))['key']}:checkpoint"
    manifest = json.loads((whole.of("reader") / "scores/manifest.json").read_text())
    assert manifest["facts"]["protocol"]["history_rule"] == manifest["record"]["view"]["rule"] == "start"
    finish(whole, "reader")


def test_a_model_of_two_systems_is_one_whatever_they_call_it(whole):
    taught = {**READER, "objective": [LABELS, {"loss": KL, "of": "action", "to": "counts"}]}
    whole.write_preset({"counts": COUNTS, "taught": taught})
    text = (whole.folder / "workflow/systems/mine.yaml").read_text()
    renamed = text.replace('"taught"', '"pupil"').replace('"counts": {', '"tally": {')
    renamed = renamed.replace('"to": "counts"', '"to": "tally"')
    (whole.folder / "workflow/systems/others.yaml").write_text(renamed)
    names = {"dataset": "tea", "seed": "0"}
    try:
        plan = whole.plan(systems=["mine", "others"])
        graph = rules_of(plan.catalogue).graph
        for stage in OF_A_MODEL:
            one, other = (
                graph.step(stage, {**names, "system": system, "model": model}).key
                for system, model in (("mine", "taught"), ("others", "pupil"))
            )
            assert (one == other) == (stage != "evaluate"), "metrics tell the names"
    finally:
        (whole.folder / "workflow/systems/others.yaml").unlink()
        whole.write_preset({"counts": COUNTS, "reader": READER})
