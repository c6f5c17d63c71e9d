import argparse
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from made_up_run import MODELS, PAIRS, make_run

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table, write_table
from foretaste.evaluation.protocols import targets
from foretaste.evaluation.summary import METRICS
from foretaste.pipeline import artifact
from foretaste.scores.diagnosis import diagnose
from foretaste.scores.reader import open_scores
from foretaste.stages import report
from foretaste.tasks.rows import dropped
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


class _Page(HTMLParser):
    """Checks that tags nest, and keeps what the page refers to."""

    _VOID = frozenset({"meta", "link", "img"})

    def __init__(self, text):
        super().__init__()
        self.open, self.references, self.ids, self.classes = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.references += [
            values[name] for name in ("href", "src", "srcset", "action", "data") if name in values
        ]
        self.ids += [values["id"]] if "id" in values else []
        self.classes += (values.get("class") or "").split()
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> does not close what is open"


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
    assert set(summary["comparisons_by_head"]) == {"verb", "noun"} and "pairs" not in _Page(text).ids
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
    assert f"the {one['samples']} whose pair does not" in section and "pairs" in _Page(page).ids
    means = [summary["arms"][one[side]]["verb"]["top1.unseen_pairs"]["mean"] for side in "ba"]
    row = section[section.index("<td>verb</td>") :]
    assert f"<td>{means[0]:.1f} → {means[1]:.1f}</td>" in row[: row.index("</tr>")]


def test_the_page_is_whole_and_asks_for_nothing_from_elsewhere(made):
    _, _, text = made
    page = _Page(text)
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
    page = _Page(text)
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


def test_worlds_are_pooled(tmp_path):
    step = make_run(
        tmp_path, worlds=2, seeds=2, videos={"training": 2, "validation": 3}, actions=15, with_videos=False
    )
    report.run(step)
    summary = artifact.read_json(step.outputs["summary"])
    runs = [artifact.read_json(path) for path in step.inputs["metrics"]]
    values = [m["action"]["top1"] for m in runs if m["model"] == "student_lm"]
    assert summary["arms"]["student_lm"]["action"]["top1"]["mean"] == pytest.approx(sum(values) / 4)
    assert (summary["worlds"], summary["videos"]) == (["kitchen", "kitchen_w1"], 6)
    _Page(step.outputs["report"].read_text(encoding="utf-8"))


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


def test_values_of_a_sweep_stand_side_by_side_and_where_they_may_be_chosen_is_said(tmp_path):
    step = make_run(tmp_path)
    assert "Sweeps" not in _page(step)
    points = ((1, "student_lm"), (4, "student_smoothed"), (9, "student_recipe_lm"))
    setting = {"model": "student_lm", "setting": "objective.1.weight"}
    step.config["sweeps"] = [{**setting, "value": value, "name": name} for value, name in points]
    page = _page(step)
    swept = page[page.index('id="sweeps"') : page.index("</table>", page.index('id="sweeps"'))]
    assert "AVT + MiniLM: <code>objective.1.weight</code>" in swept and "samples that are reported" in swept
    assert swept.count("<svg") == 3 and swept.count('class="best"') == 1
    arms = json.loads(step.outputs["summary"].read_text())["arms"]
    means = [arms[name]["action"]["class_mean_recall5"]["mean"] for _, name in points]
    shown = [f"{mean:.1f}" for mean in means]
    assert all(mean in swept for mean in shown) and "the preset's" in swept
    assert f'class="best">{max(means):.1f}<' in swept
    step.config["chosen_on_training"] = True
    assert "kept for choosing" in _page(step)


def _page(step) -> str:
    report.run(step)
    return step.outputs["report"].read_text()


def test_teachers_alone_make_a_report(tmp_path):
    """The text half: no video, no student."""
    step = make_run(
        tmp_path,
        seeds=1,
        videos={"training": 2, "validation": 3},
        actions=15,
        with_videos=False,
        models=("teacher_counts", "teacher_lm", "teacher_recipe_lm", "teacher_lm_counts"),
    )
    report.run(step)
    summary = artifact.read_json(step.outputs["summary"])
    assert {(c["a"], c["b"], c["unit"]) for c in summary["comparisons"]} == {
        ("teacher_recipe_lm", "teacher_lm", "video")
    }
    page = _Page(step.outputs["report"].read_text(encoding="utf-8"))
    assert page.classes.count("strip") == 12
    assert "film" not in page.classes


def test_the_page_tells_what_was_laid_over_the_presets_and_what_is_reused(tmp_path):
    step = make_run(tmp_path, seeds=1, with_videos=False, models=("teacher_counts", "teacher_lm"))
    step.config["set"] = {"teacher_lm.training.epochs": 3}
    step.config["models"]["teacher_lm"] = MODELS["teacher_lm"] | {"reuse": "their-teacher@2"}
    report.run(step)
    assert artifact.read_json(step.outputs["summary"])["set"] == {"teacher_lm.training.epochs": 3}
    page = step.outputs["report"].read_text(encoding="utf-8")
    assert "teacher_lm.training.epochs=3" in page and page.count("reused: their-teacher@2") == 1


def test_samples_that_were_dropped_are_counted_with_their_reason(tmp_path):
    models = ("teacher_counts", "teacher_lm", "teacher_recipe_lm", "teacher_lm_counts")
    step = make_run(
        tmp_path,
        seeds=1,
        videos={"training": 2, "validation": 3},
        actions=15,
        with_videos=False,
        models=models,
    )
    samples = read_table(step.inputs["samples"][0], SAMPLES)
    reasons = [
        "ends too early" if row["split"] == "training" and n < 4 else None
        for n, row in enumerate(samples.to_pylist())
    ]
    write_table(step.inputs["samples"][0], SAMPLES, dropped(samples, np.array(reasons, dtype=object)))
    report.run(step)
    page = step.outputs["report"].read_text(encoding="utf-8")
    assert "<td>training</td><td>30</td><td>4</td><td>ends too early</td>" in page


def test_metrics_of_other_scores_are_noticed(tmp_path):
    step = make_run(tmp_path, seeds=1, videos={"training": 2, "validation": 3}, actions=15, with_videos=False)
    path = step.inputs["metrics"][-1]
    metrics = json.loads(path.read_text())
    metrics["action"]["top1"] += 1.0
    path.write_text(json.dumps(metrics))
    with pytest.raises(DataError, match=r"top1 is .* from scores, .* from metrics.*evaluate again"):
        report.run(step)
    assert not step.outputs["summary"].exists()


def _small_run(folder, videos, capsys):
    step = make_run(
        folder, seeds=2, videos={"training": 2, "validation": videos}, actions=12, with_videos=False
    )
    report.run(step)
    text = step.outputs["report"].read_text(encoding="utf-8")
    _Page(text)
    return artifact.read_json(step.outputs["summary"])["comparisons"], text, capsys.readouterr().err


def test_metrics_of_another_version_are_refused_by_name(tmp_path):
    step = make_run(tmp_path, seeds=1, videos={"training": 2, "validation": 2}, actions=6)
    path = step.inputs["metrics"][0]
    artifact.write_json(path, artifact.read_json(path) | {"format": 1})
    with pytest.raises(
        DataError, match=f"metrics of another version: {re.escape(str(path))}: format 2: evaluate again"
    ):
        report.run(step)


def test_one_video_gives_no_interval_and_all_readers_say_why(tmp_path, capsys):
    compared, text, log = _small_run(tmp_path, 1, capsys)
    assert {(c["low"], c["high"], c["caution"], c["videos"]) for c in compared} == {
        (None, None, "one video", 1)
    }
    assert any(c["difference"] for c in compared)
    assert "There is no interval: one video. It does not say how others would differ." in text
    assert "cludes 0" not in text
    assert text.count('<tr class="diff unsure">') == len(PAIRS)
    assert 'class="range"' not in text
    assert log.count("no interval: one video") == len(PAIRS)
    assert "Small data, few videos (1)." in log


def test_few_videos_have_an_interval_that_nobody_calls_sure(tmp_path, capsys):
    compared, text, log = _small_run(tmp_path, 4, capsys)
    assert {c["caution"] for c in compared if c["low"] is not None} == {"few videos (4)"}
    assert all(c["low"] < c["difference"] < c["high"] for c in compared if c["low"] is not None)
    assert ", but few videos (4). Single videos decide such numbers" in text
    assert "cludes 0" not in text
    assert text.count('<tr class="diff unsure">') == len(PAIRS)
    assert ", few videos (4)" in log


def test_small_data_are_called_small_where_nothing_is_compared(tmp_path):
    step = make_run(
        tmp_path,
        seeds=1,
        videos={"training": 2, "validation": 4},
        actions=12,
        with_videos=False,
        models=("teacher_counts",),
    )
    report.run(step)
    assert "Small data, few videos (4). Single videos decide" in step.outputs["report"].read_text(
        encoding="utf-8"
    )
