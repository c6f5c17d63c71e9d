"""Sweeps: which models they make, what these are compared with, and that a mistake is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.report_plan import plan_report
from foretaste.pipeline.video_plan import VideoPlan
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.sweeps import points
from foretaste.tools.config import told

SWEEP = {
    "student_lm": {"objective.2.weight": [1, 7], "objective.2.loss.temperature": [0.5]},
    "teacher_lm_counts": {"average": [["teacher_recipe_lm", "teacher_counts"]], "space": ["probabilities"]},
}


def made(folder: Path, sweep: dict, overrides: str | None = None, **settings) -> Catalogue:
    """A checkout with the preset ``swept``, lm_avt_small with a sweep."""
    copy_workflow(folder)
    preset = {"base": "lm_avt_small", "sweep": sweep, **settings}
    (folder / "workflow/systems/swept.yaml").write_text(json.dumps(preset))
    (folder / "workflow/datasets/kitchen_choose.yaml").write_text("base: kitchen\nchoose: 4\n")
    return Catalogue({"dataset": "epic55", "systems": "swept", "set": overrides or {}}, folder)


def test_each_value_is_a_model_that_differs_in_nothing_else(tmp_path):
    system = made(tmp_path, SWEEP).system("epic55", "swept")
    base = system.models["student_lm"]
    seven, half = (system.models[f"student_lm_{name}"] for name in ("weight_7", "temperature_0_5"))
    assert seven.objective[2].weight == 7 and half.objective[2].loss["temperature"] == 0.5
    for one, key in ((seven, "weight"), (half, "loss")):
        assert one.label.startswith(f"{base.label}, ")
        terms = list(one.objective)
        terms[2] = terms[2].model_copy(update={key: getattr(base.objective[2], key)})
        assert one.model_copy(update={"label": base.label, "objective": tuple(terms)}) == base
    other = system.models["teacher_lm_counts_average_teacher_recipe_lm_teacher_counts"]
    assert other.average == ("teacher_recipe_lm", "teacher_counts")
    assert ("student_lm_weight_7", "student_lm") in system.comparisons


def test_a_value_that_the_model_has_stands_for_it(tmp_path):
    """Nothing is trained for it, and the report shows it as the preset's own."""
    own = made(tmp_path / "a", {}).system("epic55", "swept").models["student_lm"].objective[2].weight
    catalogue = made(tmp_path / "b", {"student_lm": {"objective.2.weight": [own, 2 * own]}})
    system = catalogue.system("epic55", "swept")
    more = set(system.models) - set(catalogue.system("epic55", "lm_avt_small").models)
    assert len(more) == 1
    assert [point.name for point in points(system.sweep, system.models)] == ["student_lm", *more]


def test_the_report_is_told_the_sweeps_and_whether_one_may_choose_on_its_samples(tmp_path):
    told_of = {}
    for dataset in ("epic55", "epic55_choose"):
        checkout = made(tmp_path / dataset, SWEEP)
        run = {"dataset": dataset, "systems": "swept", "recipes": "layer1.json"}
        told_of[dataset] = plan_report(Catalogue(run, checkout.files.root), dataset, "swept", "").config
    points_told = [(point["model"], point["value"], point["name"]) for point in told_of["epic55"]["sweeps"]]
    assert ("student_lm", 7, "student_lm_weight_7") in points_told and len(points_told) == 5
    assert [told_of[dataset]["chosen_on_training"] for dataset in told_of] == [False, True]


def test_labels_are_read_as_the_dataset_says_of_choosing(tmp_path):
    plans = VideoPlan(made(tmp_path, SWEEP))
    found = [plans.read_annotations(dataset).config["choose"] for dataset in ("kitchen", "kitchen_choose")]
    assert found == [None, 4]


def test_an_override_reaches_the_models_of_a_sweep(tmp_path):
    models = made(tmp_path, SWEEP, "student_lm.training.epochs=3").system("epic55", "swept").models
    assert models["student_lm_weight_7"].training.epochs == 3
    again = made(tmp_path / "b", SWEEP, "student_lm.objective.2.weight=9").system("epic55", "swept").models
    weights = [again[name].objective[2].weight for name in ("student_lm", "student_lm_weight_7")]
    assert weights == [9, 7]


def test_where_a_setting_of_one_comes_from_is_printed(tmp_path):
    lines = list(told(made(tmp_path, SWEEP), "swept", "epic55"))
    at = lines.index("  student_lm_weight_7:")
    assert any("# sweep" in line for line in lines[at : at + 12])
    assert not any("# sweep" in line for line in lines[: lines.index("models:")])


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ({"studnt_lm": {"objective.2.weight": [1]}}, "unknown model 'studnt_lm'.*did you mean 'student_lm'"),
        ({"student_lm": {"objective.9.weight": [1]}}, r"student_lm has no objective\.9.*sweep.student_lm"),
        ({"student_lm": {"objective.2.wieght": [1]}}, "unknown key 'wieght'.*did you mean 'weight'"),
        ({"student_lm": {"objective.2.weight": 3}}, "a list of values"),
        ({"student_lm": {"objective.2.weight": []}}, "a list of values"),
        ({"student_lm": {"objective.2.weight": [3, 3]}}, "a second model student_lm_weight_3"),
        ({"student_lm": {"objective.0.weight": [3], "objective.2.weight": [3]}}, "a second model"),
        ({"student_lm": [1]}, "instead of settings"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, sweep, words):
    with pytest.raises(ConfigError, match=words) as caught:
        made(tmp_path, sweep)
    assert "\n" not in str(caught.value)
