"""Reports of runs of several worlds, of a sweep, of teachers alone, of other settings than the preset's."""

import json

import numpy as np
import pytest
from made_up_run import MODELS, make_run
from report_pages import Page

from foretaste.contracts.tables import SAMPLES, read_table, write_table
from foretaste.pipeline import artifact
from foretaste.stages import report
from foretaste.tasks.rows import dropped


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
    Page(step.outputs["report"].read_text(encoding="utf-8"))


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
    page = Page(step.outputs["report"].read_text(encoding="utf-8"))
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
