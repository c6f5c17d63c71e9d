"""Summaries as pages and tables read them: those of this repository, and what is wrong with others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretaste.__main__ import main

KEPT = Path(__file__).parents[2] / "docs/results"
SUMMARIES = sorted(path for path in KEPT.glob("*.json") if path.name != "published.json")


def arms(folder: Path, summary: object) -> int:
    (folder / "summary.json").write_text(json.dumps(summary))
    return main(["arms", str(folder / "summary.json")])


@pytest.fixture
def summary() -> dict:
    return json.loads((KEPT / "epic55_start.json").read_text())


@pytest.mark.parametrize("path", SUMMARIES, ids=lambda path: path.stem)
def test_a_summary_of_any_age_is_a_table(path, capsys):
    assert main(["arms", str(path)]) == 0
    assert "report:" not in capsys.readouterr().out, "there is none beside it"


def test_a_report_beside_it_is_named(summary, tmp_path, capsys):
    (tmp_path / "report.html").touch()
    assert arms(tmp_path, summary) == 0
    assert capsys.readouterr().out.endswith(f"report: {tmp_path}/report.html\n")


def test_an_arm_that_does_not_answer_the_main_head_has_a_row_without_numbers(summary, tmp_path, capsys):
    name, main_head = summary["models"][0], summary.get("heads", ["action"])[0]
    summary["arms"][name][main_head] = None
    summary["comparisons"] = []
    assert arms(tmp_path, summary) == 0
    (row,) = [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith(summary["arms"][name]["label"])
    ]
    assert not set(row.removeprefix(summary["arms"][name]["label"])) - set(" -")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"arms": {}}, "arms: "),
        ({"arms": {"x": 1}}, "arms.x: "),
        ({"models": ["nope"]}, "'nope' is no arm"),
        ({"primary_metric": "nope"}, "'nope' is no metric"),
        ({"comparisons": [{}]}, "comparisons.0.a"),
        ({"heads": None}, "heads: "),
        ({"heads": []}, "heads: "),
    ],
)
def test_a_damaged_summary_is_one_line(change, told, summary, tmp_path, capsys):
    assert arms(tmp_path, {**summary, **change}) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ") and told in said and "summary.json" in said


def test_damaged_numbers_are_one_line(summary, tmp_path, capsys):
    name = summary["models"][0]
    head = summary.get("heads", ["action"])[0]
    summary["arms"][name][head]["top1"] = {"mean": "many"}
    assert arms(tmp_path, summary) == 1
    assert f"{name}.{head}" in capsys.readouterr().err
