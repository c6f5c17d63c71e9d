"""The report of one finished run: its summary, its page, its log."""

import argparse
import re

import pytest
from made_up_run import MODELS, PAIRS, make_run
from report_pages import Page

from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.protocols import targets
from foretaste.evaluation.summary import METRICS
from foretaste.pipeline import artifact
from foretaste.scores.diagnosis import diagnose
from foretaste.scores.reader import open_scores
from foretaste.stages import report
from foretaste.tools import arms


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished report of one world: (step, summary, page)."""
    step = make_run(
        tmp_path_factory.mktemp("run"), seeds=2, videos={"training": 4, "validation": 5}, actions=20
    )
    report.run(step)
    return (
        step,
        artifact.read_json(step.outputs["summary"]),
        step.outputs["report"].read_text(encoding="utf-8"),
    )


def test_the_summary_is_as_documented(made):
    _, summary, _ = made
    assert (summary["format"], summary["primary_metric"], summary["worlds"]) == (
        2,
        "class_mean_recall5",
        ["kitchen"],
    )
    assert summary["models"] == list(MODELS)
    assert set(summary["arms"]) == set(MODELS)
    baseline = summary["arms"]["student_baseline"]
    assert baseline["seeds"] == [0, 1]
    assert set(baseline["action"]["top1"]) == {"mean", "sd", "values"}
    assert baseline["action"]["ece"] is not None  # which is no mean of hits: it is not compared
    applying = [name for name, value in baseline["action"].items() if value is not None and name != "ece"]
    groups = {name for name in METRICS if "." in name}
    assert set(METRICS) - set(applying) == {*groups, "ece"}
    assert len(summary["comparisons"]) == len(PAIRS) * len(applying)
    for one in summary["comparisons"]:
        documented = {"a", "b", "metric", "difference", "low", "high", "level", "unit", "resamples"}
        assert set(one) == documented | {"method", "videos", "samples", "caution"}
        means = [summary["arms"][one[side]]["action"][one["metric"]]["mean"] for side in "ab"]
        assert one["difference"] == pytest.approx(means[0] - means[1], abs=1e-9)
        assert (one["level"], one["unit"]) == (95, "video+seed")
    assert {"rule", "wall_s", "cpu_s", "max_rss_mb"} <= set(summary["stages"][0])


def test_other_heads_are_compared_beside_the_main_one_and_unseen_pairs_have_a_section(made, tmp_path):
    _, summary, text = made
    assert set(summary["comparisons_by_head"]) == {"verb", "noun"} and "pairs" not in Page(text).ids
    for head, compared in summary["comparisons_by_head"].items():
        assert {(one["a"], one["b"]) for one in compared} == set(map(tuple, PAIRS))
        for one in compared:
            means = [summary["arms"][one[side]][head][one["metric"]]["mean"] for side in "ab"]
            assert one["difference"] == pytest.approx(means[0] - means[1], abs=1e-9)
    models = ("teacher_lm", "student_baseline", "student_lm")
    step = make_run(tmp_path, videos={"training": 4, "validation": 5}, actions=20, models=models, pairs=True)
    report.run(step)
    summary = artifact.read_json(step.outputs["summary"])
    page = step.outputs["report"].read_text(encoding="utf-8")
    section = page[page.index("<h2>Pairs never seen in training") :]
    (one,) = (one for one in summary["comparisons_by_head"]["verb"] if one["metric"] == "top1.unseen_pairs")
    assert (one["a"], one["b"]) == ("student_lm", "student_baseline")
    assert f"the {one['samples']} whose pair does not" in section and "pairs" in Page(page).ids
    means = [summary["arms"][one[side]]["verb"]["top1.unseen_pairs"]["mean"] for side in "ba"]
    row = section[section.index("<td>verb</td>") :]
    assert f"<td>{means[0]:.1f} → {means[1]:.1f}</td>" in row[: row.index("</tr>")]


def test_the_page_is_whole_and_asks_for_nothing_from_elsewhere(made):
    _, _, text = made
    page = Page(text)
    assert [r for r in page.references if not r.startswith(("#", "data:"))] == []
    assert not re.search(r"url\(|@import|https?:", text.replace("http://www.w3.org/2000/svg", ""))
    assert text.count("<script") == 1
    assert {r[1:] for r in page.references if r.startswith("#")} <= set(page.ids)
    assert {
        "arms",
        "pipeline",
        "settings",
        "curves",
        "language-models",
        "classes",
        "confusion",
        "calibration",
        "agreement",
        "known",
        "samples",
        "issues",
        "provenance",
        "cost",
    } <= set(page.ids)


def test_the_page_shows_what_was_asked_for(made):
    step, summary, text = made
    page = Page(text)
    assert page.classes.count("strip") == 12 + 6
    assert f'<pre class="command">{step.config["command"]}</pre>' in text
    section = text[text.index('id="samples"') :]
    assert section.count("data:image/jpeg;base64,") in range(8, 8 * 12 + 1, 8)
    assert text.count("data:video/mp4;base64,") in range(1, 6 + 1)
    for model in MODELS.values():
        assert model["label"] in text
    headline = next(
        c
        for c in summary["comparisons"]
        if (c["a"], c["b"], c["metric"]) == ("student_recipe_lm", "student_baseline", "class_mean_recall5")
    )
    assert f"{abs(headline['difference']):.1f}<small>points</small>" in text
    assert "history start, all splits, last 5 · T 1, all classes, batch mean" in text
    counting, lm = (
        summary["arms"][name]["action"]["class_mean_recall5"]["mean"]
        for name in ("teacher_counts", "teacher_recipe_lm")
    )
    assert f"counting alone {counting:.1f}, +{lm - counting:.1f}" in text
    assert text.count("counting alone") == 3  # the other teachers, and no student
    assert "P03_05_17" in text
    for value in ("23456", "812.4", "17.3", "143.7", "11.1", "71.6", "6.2", "64.9"):
        assert value in text, "the language model before and after"
    assert "file ends in the middle of a picture" in text
    for stage in (
        "read_recipes",
        "extract_openie",
        "pretrain",
        "train_backbone",
        "extract_features",
        "average",
    ):
        assert f">{stage}</text>" in text


def test_equal_runs_give_equal_bytes(made):
    step, _, _ = made
    before = [step.outputs[name].read_bytes() for name in ("summary", "report")]
    report.run(step)
    assert [step.outputs[name].read_bytes() for name in ("summary", "report")] == before


def test_the_log_ends_with_the_table_and_the_path(made, capsys):
    step, _, _ = made
    report.run(step)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == f"report: {step.outputs['report']}"
    assert any(line.startswith("AVT + MiniLM with recipes - AVT ") for line in lines)
    parser = argparse.ArgumentParser()
    arms.add_arguments(parser)
    arms.run(parser.parse_args([str(step.outputs["summary"])]))
    assert capsys.readouterr().out.splitlines() == lines


def test_models_that_were_shown_until_the_same_times_share_a_histogram(made):
    page = made[2]
    section = page[page.index('id="windows"') :].partition("</section>")[0]
    assert section.count("<figure>") == 2, "the teachers', and the students'"
    assert section.count('class="bar"') == 3 + 1
    assert "40 samples, 1.00 to 2.40 s, median 1.01" in section


def test_what_each_teacher_teaches_stands_once_with_its_settings(made):
    step, _, page = made
    first = {"world": "kitchen", "model": "teacher_lm", "seed": 0}
    section = page[page.index('id="targets"') :].partition("</section>")[0]
    assert section.count("action, T 1.0") == 2 * 2, "two teachers are taught from, each on two splits"
    scores = open_scores(step.inputs["scores"][step.config["runs"].index(first)])
    wanted = targets(read_table(step.inputs["samples"][0], SAMPLES), "training")
    found = diagnose(scores.logits("training", "action", wanted.sample_ids), wanted.labels["action"])
    assert f"<td>{found.top1:.1f}</td><td>{found.top5:.1f}</td><td>{found.doubt:.2f}</td>" in section
