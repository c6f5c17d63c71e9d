"""Tables of papers: a target each, the published numbers beside ours, one page over all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jobs import give_names_of, run_here
from preset_run import PresetRun

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Graph
from foretaste.pipeline.jobs import job_of, keep
from foretaste.pipeline.report_plan import ReportPlan
from foretaste.report.summaries import read_summary
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.config import SystemConfig, validated
from foretaste.tools import tables

ROOT = Path(__file__).parents[2]
COUNTS = {"role": "student", "view": {"kind": "action_ids"}, "training": {"kind": "counting"}}
MODELS = {
    name: {**COUNTS, "label": name, "network": {"kind": "counts", "tables": [name]}}
    for name in ("unigram", "bigram", "trigram")
}
TABLE = {
    "title": "What comes next (nobody, Table 7)",
    "dataset": "tea",
    "columns": {"action": ["top1", "class_mean_recall5"], "verb": ["top1"]},
    "baseline": "unigram",
    "rows": {
        "unigram": {"says": "frequency", "published": {"action": {"class_mean_recall5": 50.25}}},
        "bigram": {"published": {"action": {"top1": 12.0, "class_mean_recall5": 60.5}}},
    },
}


def preset(folder: Path, **changes) -> PresetRun:
    run = PresetRun(folder, MODELS)
    path = folder / "workflow" / "systems" / "mine.yaml"
    added = {"study_seeds": [0, 1], "tables": {"table7": {**TABLE, **changes}}}
    path.write_text(json.dumps({**json.loads(path.read_text()), **added}))
    return run


def made(run: PresetRun, path: Path) -> None:
    """``path`` and all that it is made from, in this process."""
    plan = run.plan()
    graph = Graph(plan, Contents(run.results / ".sha256"))
    last, _ = graph.at(str(path))
    for node in graph.walk([last]):
        job = keep(job_of(node, node.names, plan.results, (), []))
        run_here(job, node.stage)
        give_names_of(job)


@pytest.mark.slow
def test_a_table_is_a_target(tmp_path):
    preset(tmp_path)
    shutil.copy(ROOT / "config.yaml", tmp_path)
    command = [sys.executable, "-m", "snakemake", "-n", "mine_table7"]
    settings = ["--config", f"data_root={tmp_path / 'data'}", "dataset=tea"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*command, *settings], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    planned = done.stdout + done.stderr
    assert "report results/tea/mine/table7" in planned
    assert "train results/tea/mine/seed1/bigram" in planned
    assert "trigram" not in planned


def test_its_page_has_the_papers_numbers_beside_ours(tmp_path, monkeypatch):
    run = preset(tmp_path)
    made(run, run.results / "tea" / "mine" / "table7" / "summary.json")
    summary = read_summary(run.results / "tea" / "mine" / "table7" / "summary.json")
    assert summary["models"] == ["unigram", "bigram"]  # the trigram is no row, and was not trained
    assert not (run.results / "tea" / "mine" / "seed0" / "trigram").exists()
    assert summary["arms"]["bigram"]["seeds"] == [0, 1]
    assert {(one["a"], one["b"]) for one in summary["comparisons"]} == {("bigram", "unigram")}
    monkeypatch.chdir(tmp_path)
    found = list(tables.page(Catalogue({"dataset": "tea"}, Path(), ())))
    (line,) = (line for line in found if line.startswith("| bigram"))
    recall = summary["arms"]["bigram"]["action"]["class_mean_recall5"]
    assert f"| {recall['mean']:.1f} ±0.0 | *60.5* |" in line
    assert line.endswith("| *+10.25* |")
    html = (run.results / "tea" / "mine" / "table7" / "report.html").read_text()
    assert "What comes next (nobody, Table 7)" in html
    assert "<i>50.25</i>" in html


def test_a_table_that_was_not_run_says_how_it_is(tmp_path, monkeypatch):
    preset(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = list(tables.page(Catalogue({"dataset": "tea"}, Path(), ())))
    assert "Not run: `snakemake --cores 2 mine_table7 --config dataset=tea data_root=DIR`\n" in found
    assert "| `unigram`, *frequency* | – | *50.25* | – |" in found


@pytest.mark.parametrize(
    ("changes", "scope", "said"),
    [
        ({}, "table8", "unknown table 'table8'.*table7"),
        ({"dataset": "epic55"}, "table7", "table7 on tea.*epic55"),
        ({"rows": {"bigramm": {}}, "baseline": None}, "table7", "bigramm.*bigram"),
    ],
)
def test_mistakes_list_what_there_is(tmp_path, changes, scope, said):
    run = preset(tmp_path, **changes)
    with pytest.raises(ConfigError, match=said):
        run.plan().report("tea", "mine", f"/{scope}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"baseline": "trigram"}, "trigram is no row"),
        ({"rows": {"unigram": {"against": "x"}}}, "x is no row"),
        ({"rows": {"unigram": {"published": {"noun": {"top1": 1.0}}}}}, "noun top1 is no column"),
        ({"columns": {"action": ["top2"]}}, "top1"),
    ],
)
def test_tables_are_checked(changes, said):
    with pytest.raises(ConfigError, match=said):
        made = {"title": "x", "primary_metric": "top1", "models": {}}
        validated(SystemConfig, {**made, "tables": {"table7": {**TABLE, **changes}}}, "mine")


def test_every_table_of_our_presets_can_be_planned_and_agrees_with_the_results_page():
    """On its own dataset, unless the preset lacks a model that the preset it is based on has."""
    catalogue = Catalogue({"dataset": "kitchen"}, ROOT, ())
    published = json.loads((ROOT / "docs" / "results" / "published.json").read_text())["datasets"]
    seen = set()
    for system in catalogue.files.names("systems"):
        for name, table in catalogue.files.merged("systems", system).get("tables", {}).items():
            resolved = tables._preset(catalogue, system, name)
            if resolved is None:
                continue
            seen.add((system, name))
            if table["dataset"] in ("epic55", "egtea_s1"):  # the page has all that is known of these
                known = [row["action"].items() for row in published[table["dataset"]]["rows"]]
                for row in resolved.tables[name].rows.values():
                    given = row.published.get("action", {}).items()
                    assert any(given <= numbers for numbers in known), (system, name, given)
    assert {("lm_avt", "table3"), ("lm_avt_published_lms", "table4"), ("future", "table1")} <= seen
    assert ("lanvikd", "table2") in seen
    assert ("lm_avt_teachers", "table3") not in seen


def test_the_plan_of_a_published_table_asks_for_its_rows_and_their_teachers_alone():
    catalogue = Catalogue({"dataset": "epic100", "systems": "lanvikd"}, ROOT, ())
    found = ReportPlan(catalogue, "epic100", "lanvikd", "table2").models
    assert list(found) == [
        "student_baseline",
        "student_smoothed",
        "student_kl",
        "student_kl_embedding",
        "teacher_narration",
    ]
