"""Parents, parts by dataset, and which presets fit which datasets."""

from __future__ import annotations

import pytest
from shipped_catalogue import ROOT, catalogue
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.protocol import protocol
from foretaste.pipeline.rules import plainly
from foretaste.pipeline.targets import Targets
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.parts import behind
from foretaste.settings.preset_files import Files, merge


def test_merge():
    old = {"a": {"b": 1, "c": 2}, "k": {"kind": "x", "o": 1}, "l": [1, 2], "gone": 1}
    new = {"a": {"c": 3}, "k": {"kind": "y"}, "l": [3], "gone": None}
    assert merge(old, new) == {"a": {"b": 1, "c": 3}, "k": {"kind": "y"}, "l": [3]}


@pytest.mark.parametrize("dataset", Files(ROOT).names("datasets"))
def test_every_dataset_resolves(dataset):
    files = Files(ROOT)
    settings = files.dataset(dataset)
    for system in settings.systems:
        files.system(system, dataset)


@pytest.mark.parametrize("name", ["lm_avt", "lm_avt_decoder", "lm_avt_teacher", "lm_avt_teachers"])
def test_each_dataset_has_the_template_of_its_compounds(name):
    """EPIC writes the head of a compound noun first, EGTEA last."""
    for dataset, template in (("epic55", "plain"), ("egtea_s1", "plain_in_order")):
        models = catalogue(dataset=dataset, systems=name).system(dataset, name).models.values()
        views = [model.view for model in models if getattr(model, "view", {}).get("kind") == "action_history"]
        assert views and {view["template"] for view in views} == {template}


@pytest.mark.parametrize(
    ("name", "dataset"),
    [("multimodal", "ssv2"), ("multimodal_demo", "kitchen_compositional"),
     ("multimodal_labels", "kitchen_compositional"), ("multimodal_micro", "kitchen_micro")],
)  # fmt: skip
def test_a_multimodal_teacher_has_a_sibling_only_where_an_average_is_fitted_on_it(name, dataset):
    system = catalogue(dataset=dataset, systems=name).system(dataset, name)
    fitted = [model for model, one in system.models.items() if isinstance(one, AverageConfig) and one.fits]
    read = {part for model in fitted for part, _ in behind(system, model)}
    assert {model for model, one in system.models.items() if getattr(one, "held_out", 0)} == read
    assert bool(read) == (name != "multimodal_labels")


def test_teachers_that_see_different_histories(tmp_path):
    copy_workflow(tmp_path)
    mine = tmp_path / "workflow" / "systems" / "mine.yaml"
    mine.write_text("base: lm_avt\nmodels: {teacher_counts: {view: {length: 9}}}")
    found = protocol(
        Catalogue({"dataset": "epic55", "systems": "mine"}, tmp_path), "epic55", "mine", "teacher_lm_counts"
    )
    assert (found["history_rule"], found["history_length"]) == ("start", [9, 5])
    mine.write_text("base: lm_avt\nmodels: {teacher_counts: {view: {rule: all}}}")
    with pytest.raises(ConfigError, match=r"rules all and start.*mine\.yaml: models\.teacher_lm_counts"):
        protocol(
            Catalogue({"dataset": "epic55", "systems": "mine"}, tmp_path),
            "epic55",
            "mine",
            "teacher_lm_counts",
        )


def test_what_differs_by_dataset(tmp_path):
    """``on`` is a word here, as in YAML 1.2, and no boolean."""
    for kind in ("datasets", "systems"):
        (tmp_path / "workflow" / kind).mkdir(parents=True)
    for name, text in (("plain", "title: t"), ("one", "title: t"), ("two", "base: one")):
        (tmp_path / "workflow" / "datasets" / f"{name}.yaml").write_text(text)
    (tmp_path / "workflow" / "systems" / "parent.yaml").write_text(
        "title: all\nmodels: {a: {}, yes: {x: false}}\non: {one: {title: on one, models: {a: {x: 2}}}}"
    )
    (tmp_path / "workflow" / "systems" / "child.yaml").write_text(
        "base: parent\nmodels: {b: {x: 3}}\non: {two: {models: {a: {x: 4}}}}"
    )
    files = Files(tmp_path)
    assert files.merged("systems", "parent", "plain") == {
        "title": "all",
        "models": {"a": {}, "yes": {"x": False}},
    }
    assert files.merged("systems", "parent", "two") == {
        "title": "on one",
        "models": {"a": {"x": 2}, "yes": {"x": False}},
    }
    assert files.merged("systems", "child", "one") == {
        "title": "on one",
        "models": {"a": {"x": 2}, "b": {"x": 3}, "yes": {"x": False}},
    }
    assert files.merged("systems", "child", "two") == {
        "title": "on one",
        "models": {"a": {"x": 4}, "b": {"x": 3}, "yes": {"x": False}},
    }


def test_on_is_a_word(tmp_path):
    """YAML 1.1 reads `on:` as true; here it says what differs by dataset."""
    for kind, name, text in (
        ("datasets", "d", "title: x\nsystems: s\nreader: {kind: egtea}\ntau_a: 1.0\ntau_o: 5.0\n"),
        ("systems", "s", "title: x\non: {d: {title: y}}\n"),
    ):
        (tmp_path / "workflow" / kind).mkdir(parents=True)
        (tmp_path / "workflow" / kind / f"{name}.yaml").write_text(text)
    files = Files(tmp_path)
    assert files.merged("systems", "s") == {"title": "x"}
    assert files.merged("systems", "s", "d") == {"title": "y"}


FITTING = [
    ("kitchen", "lm_avt_study"),
    ("kitchen_micro", "lm_avt_demo"),
    ("epic55", "lm_avt_teachers"),
    ("epic55", "lm_avt_own"),
    ("kitchen", "lm_avt"),
]


@pytest.mark.parametrize(("dataset", "system"), FITTING)
def test_a_system_fits_the_datasets_that_it_is_made_for(dataset, system):
    assert catalogue(dataset=dataset, systems=system).systems == (system,)


def test_a_system_that_does_not_fit_is_an_error_that_lists_those_that_do():
    with pytest.raises(
        ConfigError,
        match=(
            r"lm_avt_demo is not made for the dataset epic55.*one of lm_avt, lm_avt_counts,.*lm_avt_teachers"
        ),
    ):
        catalogue(dataset="epic55", systems=["lm_avt", "lm_avt_demo"])
    plan = Plan(catalogue(dataset="epic55"))
    for target in (
        Targets(plan.catalogue).reports("epic55", ["lm_avt_demo"]),
        Targets(plan.catalogue).features("epic55", ["lm_avt_demo"]),
    ):
        with pytest.raises(SystemExit, match="error: the system lm_avt_demo is not made for"):
            plainly(target)({})
    for system in ("lm_avt_counts", "lm_avt_published"):
        with pytest.raises(
            ConfigError, match=rf"{system} is not made for the dataset kitchen.*lm_avt_demo, .*lm_avt_study"
        ):
            catalogue(systems=system)
    with pytest.raises(ConfigError, match="is not made for the dataset egtea_s1"):
        plan.describe(
            "evaluate", {"dataset": "egtea_s1", "system": "lm_avt_micro", "seed": "0", "model": "teacher_lm"}
        )


def test_a_preset_of_another_family_does_not_fit(tmp_path):
    copy_workflow(tmp_path)
    preset = tmp_path / "workflow" / "systems" / "other.yaml"
    text = (ROOT / "workflow" / "systems" / "lm_avt.yaml").read_text()
    preset.write_text(text)
    with pytest.raises(ConfigError, match="other is not made for the dataset epic55"):
        Catalogue({"dataset": "epic55", "systems": "other"}, tmp_path)
    preset.write_text(text + "\ndatasets: [epic55]\n")
    assert Catalogue({"dataset": "epic55", "systems": "other"}, tmp_path).systems == ("other",)
    preset.write_text(text + "\ndatasets: [epic55, epic56]\n")
    with pytest.raises(ConfigError, match=r"unknown dataset 'epic56'.*other.yaml: datasets"):
        Catalogue({"dataset": "epic55", "systems": "other"}, tmp_path)


def test_a_dataset_may_name_several_systems(tmp_path):
    copy_workflow(tmp_path)
    dataset = tmp_path / "workflow" / "datasets" / "epic55.yaml"
    dataset.write_text(dataset.read_text().replace("systems: lm_avt", "systems: [lm_avt, lm_avt_counts]"))
    made = Catalogue({"dataset": "epic55"}, tmp_path)
    assert made.systems == ("lm_avt", "lm_avt_counts")
    assert Targets(made).reports("epic55", made.systems, "teachers")({}) == [
        "results/epic55/lm_avt/teachers/report.html",
        "results/epic55/lm_avt_counts/teachers/report.html",
    ]
    dataset.write_text(dataset.read_text().replace("systems: [lm_avt, lm_avt_counts]", "systems: []"))
    with pytest.raises(ConfigError, match=r"wrong value \[\]: .*systems: at least 1 of them"):
        Catalogue({"dataset": "epic55"}, tmp_path)
