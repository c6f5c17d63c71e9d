import argparse
import json
from pathlib import Path

import pytest
from made_up_run import make_run

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.report import results_overview
from foretaste.report.results_page import pages
from foretaste.stages import report
from foretaste.tools import results_page

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    step = make_run(
        tmp_path_factory.mktemp("run"),
        seeds=2,
        videos={"training": 2, "validation": 3},
        actions=12,
        with_videos=False,
    )
    report.run(step)
    return artifact.read_json(step.outputs["summary"])


def _run(*arguments):
    parser = argparse.ArgumentParser()
    results_page.add_arguments(parser)
    results_page.run(parser.parse_args([str(a) for a in arguments]))


def page(files):
    """The tables."""
    return pages(files)[1]


def test_the_pages_of_this_repository_are_what_its_files_give():
    made = pages(sorted((REPOSITORY / "docs" / "results").glob("*.json")))
    kept = [(REPOSITORY / "docs" / name).read_text("utf-8") for name in ("results.md", "results-tables.md")]
    assert kept == list(made), "run foretaste results-page docs/results/*.json"


def test_a_comparison_stands_where_its_interval_says(summary, tmp_path):
    mine = [one for one in summary["comparisons"] if one["metric"] == summary["primary_metric"]]
    few, *_ = mine
    limits = {"helped": (0.1, 2.0), "hurt": (-2.0, -0.1), "open": (-1.0, 0.1), "few": (1.0, 2.0)}
    compared = [
        {**few, "low": low, "high": high, "caution": "few videos (3)" if name == "few" else None}
        for name, (low, high) in limits.items()
    ]
    (tmp_path / "kitchen_start.json").write_text(json.dumps({**summary, "comparisons": compared}))
    first, _ = pages([tmp_path / "kitchen_start.json"])
    under = dict(zip(("", "helped", "hurt", "open"), first.split("\n### ")))
    assert under["helped"].startswith(results_overview.HELPED) and "+0.1 to +2.0" in under["helped"]
    assert under["hurt"].startswith(results_overview.HURT) and "−2.0 to −0.1" in under["hurt"]
    assert "−1.0 to +0.1" in under["open"] and "+1.0 to +2.0, few videos (3)" in under["open"]
    assert first.count("\n## ") == 1 and "(lm-avt.md)" in first


def test_every_number_is_the_summarys(summary, tmp_path):
    (tmp_path / "kitchen_start.json").write_text(json.dumps(summary))
    published = {
        "title": "Kitchen",
        "notes": ["A note."],
        "rows": [{"label": "theirs", "history_rule": None, "action": {"top1": 12.34}, "source": "a paper"}],
    }
    (tmp_path / "published.json").write_text(json.dumps({"format": 1, "datasets": {"kitchen": published}}))
    _run(*tmp_path.glob("*.json"), "--out", tmp_path / "results.md")
    text = (tmp_path / "results-tables.md").read_text(encoding="utf-8")
    for name, arm in summary["arms"].items():
        row = next(line for line in text.splitlines() if f"(`{name}`)" in line)
        assert (
            f"**{arm['action']['class_mean_recall5']['mean']:.1f}**"
            f" ±{arm['action']['class_mean_recall5']['sd']:.1f}" in row
        )
        assert f" {arm['action']['top1']['mean']:.1f} ±" in row
    assert "| *theirs*, a paper | – | *12.3* |" in text
    assert (
        "- tau_a 1 s; history start, all splits, last 5 · T 1, all classes, batch mean: `student_lm`,"
        " `student_recipe_lm`" in text
    )
    first = next(one for one in summary["comparisons"] if one["metric"] == "class_mean_recall5")
    assert f"{first['low']:+.1f} to {first['high']:+.1f}".replace("-", "−") in text
    assert text.index("## Kitchen") < text.index("A note.") < text.index("### History rule `start`")


def _compared(summary, **change):
    return {**summary, "comparisons": [{**one, **change} for one in summary["comparisons"]]}


def test_a_difference_without_interval_and_small_data_are_said_in_words(summary, tmp_path):
    nothing = _compared(summary, low=None, high=None, caution="one video", videos=1)
    (tmp_path / "kitchen_start.json").write_text(json.dumps({**nothing, "videos": 1}))
    text = page([tmp_path / "kitchen_start.json"])
    assert text.count(" | no interval: one video |") == len(
        [c for c in summary["comparisons"] if c["metric"] == "class_mean_recall5"]
    )
    assert "Small data, few videos (1). Single videos" in text


def test_tables_say_which_of_them_are_of_the_older_bootstrap(summary, tmp_path):
    older = {**summary, "system": "older", "comparisons": []}
    for one in summary["comparisons"]:
        known = {name: one[name] for name in ("a", "b", "metric", "difference", "level", "unit")}
        older["comparisons"].append({**known, "low": 1.0, "high": 2.0, "resamples": 2000})
    for name, content in (("kitchen_start.json", summary), ("kitchen_start.older.json", older)):
        (tmp_path / name).write_text(json.dumps(content))
    text = page(sorted(tmp_path.glob("*.json")))
    new, old = text[text.index("(`lm_avt_demo`)") :], text[text.index("(`older`)") :]
    assert "95 % interval (jackknife over videos and seeds)" in new
    assert "95 % interval (older percentile bootstrap of videos and seeds, 2000 times)" in old
    assert text.count("95 % interval (") == 2


def test_several_systems_stand_under_one_rule(summary, tmp_path):
    files = [tmp_path / name for name in ("kitchen_start.json", f"kitchen_start.{summary['system']}.json")]
    for file in files:
        file.write_text(json.dumps(summary))
    assert page(files).count("### History rule `start`") == 2


def test_where_nobody_reads_a_history_no_rule_is_named(summary, tmp_path):
    arms = {
        name: {**arm, "protocol": {**arm["protocol"], "history_rule": None}}
        for name, arm in summary["arms"].items()
    }
    file = tmp_path / f"kitchen.{summary['system']}.json"
    file.write_text(json.dumps({**summary, "arms": arms}))
    first, tables = pages([file])
    assert f"### `{summary['system']}`" in tables and "History rule" not in tables
    assert "| kitchen |" in first and "| kitchen, `" not in first
    file.write_text(json.dumps(summary))
    with pytest.raises(DataError, match="rename"):
        pages([file])


def test_check_compares_and_writes_nothing(summary, tmp_path):
    (tmp_path / "kitchen_start.json").write_text(json.dumps(summary))
    out = tmp_path / "results.md"
    with pytest.raises(DataError, match="out of date"):
        _run(tmp_path / "kitchen_start.json", "--out", out, "--check")
    assert not out.exists()
    _run(tmp_path / "kitchen_start.json", "--out", out)
    _run(tmp_path / "kitchen_start.json", "--out", out, "--check")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("kitchen_end.json", "history rules"),
        ("epic55_start.json", "a summary of 'kitchen'"),
        ("kitchen.json", "rename"),
        ("kitchen_start.other.json", "rename"),
    ],
)
def test_a_file_is_named_after_what_it_holds(summary, tmp_path, name, message):
    (tmp_path / name).write_text(json.dumps(summary))
    with pytest.raises(DataError, match=message):
        page([tmp_path / name])
