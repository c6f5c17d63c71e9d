"""Several runs on one page: their numbers where they belong, what differs between them, a metric against a
setting.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.report.comparison import Run, compare, names, page
from foretaste.report.summaries import read_summary
from foretaste.tools import results_page

RESULTS = Path(__file__).parents[2] / "docs" / "results"
FILES = [RESULTS / "epic55_end.json", RESULTS / "epic55_all.json"]


def runs(files=FILES) -> list[Run]:
    return [Run(path.stem, "red", read_summary(path)) for path in files]


def test_numbers_stand_under_their_run():
    found = compare(runs(), None)
    assert found.alike and [numbers.primary for numbers in found.numbers].count(True) == 1
    primary = found.numbers[0]
    labels = [line.label for line in primary.lines]
    for number, run in enumerate(runs()):
        for arm in run.summary["arms"].values():
            shown = primary.lines[labels.index(arm["label"])].spreads[number]
            assert shown["mean"] == arm["action"]["many_shot_recall5_and"]["mean"]
    assert len(found.differences) == sum(
        one["metric"] == run.primary for run in runs() for one in run.summary["comparisons"]
    )


def test_only_settings_that_differ_are_told():
    told = dict(compare(runs(), None).settings)
    assert told["bigram count"] == [
        "tau_a 1 s · history end, all splits, last 5",
        "tau_a 1 s · history all, all splits, last 5",
    ]
    assert compare(runs([FILES[0], FILES[0]]), None).settings == []


def test_runs_of_other_samples_are_said_to_be_so():
    other = [FILES[0], RESULTS / "egtea_s1_start.json"]
    assert not compare(runs(other), None).alike
    text = page(other)
    assert "They are not about the same samples" in text and "class-mean recall@5" in text
    one, two = runs([FILES[0], FILES[0]])
    two.summary["heads"].reverse()
    assert compare([one, one], None).alike and not compare([one, two], None).alike


def test_what_tells_runs_apart():
    assert names([Path("results/kitchen/a/summary.json"), Path("results/kitchen/b/summary.json")]) == [
        "a", "b"
    ]  # fmt: skip
    assert names([Path("r/summary.json"), Path("r/views/end/summary.json")]) == ["r", "r/views/end"]
    assert names([Path("r/a/summary.json"), Path("r/a/a/summary.json")]) == ["r/a", "r/a/a"]
    assert names([Path("r/kitchen/a/summary.json"), Path("r/kitchen_2s/a/summary.json")]) == [
        "kitchen", "kitchen_2s"
    ]  # fmt: skip
    assert names([Path("r/a/summary.json"), Path("s/b/a/summary.json")]) == ["r", "s/b"]
    assert names(FILES) == ["epic55_end", "epic55_all"]
    assert names([Path("results/kitchen/a/summary.json")]) == ["results/kitchen/a"]


def other_tau(folder: Path) -> list[Path]:
    """The first run, and a copy of it as one of another dataset with twice the tau_a and half the numbers."""
    summary = json.loads(FILES[0].read_text())
    for arm in summary["arms"].values():
        arm["protocol"]["tau_a"] = 2.0
        arm["action"]["many_shot_recall5_and"]["mean"] /= 2
    (folder / "epic55_2s.json").write_text(json.dumps(summary | {"dataset": "epic55_2s"}))
    return [folder / "epic55_2s.json", FILES[0]]


def test_a_metric_is_drawn_against_a_setting(tmp_path):
    found = compare(runs(other_tau(tmp_path)), "tau_a")
    ((title, chart),) = found.over
    assert title == "many-shot recall@5, and" and "tau_a" in chart
    drawn = re.findall(r'<path class="line"[^>]* d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"', chart)
    assert len(drawn) == 4, "a line a model"
    assert all(float(right) > float(left) and float(low) > float(high) for left, high, right, low in drawn)


def test_two_runs_with_one_value_of_a_setting_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"twice with tau_a 1, \d+\.\d+ and \d+\.\d+ %"):
        page([*other_tau(tmp_path), FILES[1]], "tau_a")
    assert page([*other_tau(tmp_path), FILES[0]], "tau_a"), "a run that is given twice says one thing"
    two, one = other_tau(tmp_path)
    summary = json.loads(two.read_text())
    for arm in list(summary["arms"].values())[1:]:
        arm["protocol"]["tau_a"] = 1.0
    two.write_text(json.dumps(summary))
    assert page([two, one], "tau_a"), "what is no line, for it has one value, is not asked for one mean"


@pytest.mark.parametrize(
    ("setting", "says"),
    [("tau", "tau_a"), ("tau_a", "tau_a is 1.0 in these runs"), ("history_rule", "all, end in these runs")],
)
def test_a_setting_that_runs_do_not_differ_in_is_refused(setting, says):
    with pytest.raises(ConfigError, match=says):
        page(FILES, setting)


def test_the_command_writes_the_page(tmp_path):
    parser = argparse.ArgumentParser()
    results_page.add_arguments(parser)
    out = tmp_path / "comparison.html"
    given = [*map(str, FILES), "--out", str(out)]
    results_page.run(parser.parse_args(given))
    assert out.read_text("utf-8") == page(FILES)
    results_page.run(parser.parse_args([*given, "--check"]))
    with pytest.raises(ConfigError, match=r"--over with .*\.md"):
        results_page.run(parser.parse_args([*map(str, FILES), "--over", "tau_a"]))
    with pytest.raises(DataError, match="not a summary"):
        results_page.run(parser.parse_args([str(RESULTS / "published.json"), "--out", str(out)]))
