"""Typos are errors that list the choices; parents, parts by dataset and overrides resolve as documented."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.preset_files import Files, merge

ROOT = Path(__file__).parents[2]


def catalogue(**settings) -> Catalogue:
    return Catalogue({"dataset": "kitchen", **settings}, ROOT)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"datset": "kitchen"}, "unknown key 'datset'.*dataset.*did you mean 'dataset'"),
        ({"dataset": "kichen"}, "unknown dataset 'kichen'.*epic55.*did you mean 'kitchen'"),
        ({"systems": "lm_awt"}, "unknown system 'lm_awt'.*lm_avt"),
        ({"history_rule": "begin"}, "'end', 'start' or 'all'"),
        ({"threads": {"train": 0}}, "greater than 0"),
        ({"threads": {"trian": 2}}, "unknown stage 'trian'.*did you mean 'train'"),
        ({"threads": {"openie": 2}}, "unknown stage 'openie'.*extract_openie"),
        ({"seeds": [-3]}, "greater than or equal to 0.*seeds.0"),
        ({"seeds": [1, 1]}, "each once.*seeds"),
        ({"seeds": True}, "a seed is a whole number.*seeds"),
        ({"results_root": ""}, "results_root: "),
    ],
)
def test_a_typo_is_an_error_that_lists_the_choices(settings, message):
    with pytest.raises(ConfigError, match=message):
        catalogue(**settings)


#: A mistake in a preset based on lm_avt_demo -> what the error must say: the key as written, and the choices there.
MISTAKES = {
    "models: {student_lm: {lable: x}}": "unknown key 'lable'.*models.student_lm.lable: one of backbone, calibrate.*label.*did you mean 'label'",
    "models: {student_lm: {training: {epohcs: 3}}}": "models.student_lm.training.epohcs: one of accumulate.*did you mean 'epochs'",
    "models: {student_lm: {training: {optimizer: {kind: adamw, rl: 1}}}}": "training.optimizer.rl: one of betas, kind, lr",
    "models: {student_lm: {training: {optimizer: {kind: adan, lr: 1}}}}": "unknown kind 'adan'.*training.optimizer: one of adam, adamw, sgd: did",
    "models: {student_lm: {training: {schedule: {warmpu: 1}}}}": "training.schedule.warmpu: one of after.*did you mean 'warmup'",
    "models: {student_lm: {training: {kind: lop}}}": "unknown kind 'lop'.*training: one of counting, loop",
    "models: {student_lm: {objective: [{loss: {kind: kl}, of: action, wieght: 3}]}}": "objective.0.wieght: one of class_weights.*'weight'",
    "models: {student_lm: {training: {groups: [{match: '(['}]}}}": "not a regular expression.*groups.0.match",
    "models: {student_lm: {folds: 1}}": "at least 2: .*models.student_lm: value error",
    "models: {teacher_lm_counts: {averge: [teacher_lm]}}": "teacher_lm_counts.averge: one of average, label.*did you mean 'average'",
    "models: {teacher_lm_counts: {average: [teacher_lm_counts]}}": "circle: teacher_lm_counts",
    "models: {teacher_lm_counts: {average: [teacher_ml]}}": "unknown model 'teacher_ml'.*did you mean 'teacher_lm'",
    "models: {teacher_lm_counts: {average: [teacher_lm, teacher_lm]}}": "each model once.*models.teacher_lm_counts",
    "models: {teacher_lm_counts: {weights: fitted}}": "weights: fitted, and .*teacher_counts saw all.*teacher_lm_counts: held_out or folds",
    "models: {teacher_lm_counts: {average: [teacher_counts], prior_exponent: .inf}}": "finite.*teacher_lm_counts.prior_exponent",
    "models: {teacher_lm: {held_out: 5}, teacher_counts: {folds: 0, held_out: 9}, teacher_lm_counts: {weights: fitted}}": "different videos .held_out:",
    "models: {student_lm: {held_out: 5}}": "learns from another's scores.*models.student_lm",
    "lms: {mine: {innit: minilm}}": "lms.mine.innit: one of .*init.*did you mean 'init'",
    "backbones: {mine: {gird: {fps: 1.0}}}": "backbones.mine.gird: one of .*did you mean 'grid'",
    "backbones: {mine: {grid: {fsp: 1.0}}}": "backbones.mine.grid.fsp: one of fps, shards.*did you mean 'fps'",
    "history: {rulle: end}": "history.rulle: one of length, rule, source.*did you mean 'rule'",
    "histroy: {}": "unknown key 'histroy'.*one of backbones, comparisons, history",
    "comparisons: [[student_ml, student_lm]]": "unknown model 'student_ml'.*comparisons",
    "models: {student_lm: 3}": "3 instead of settings.*models.student_lm",
    "models: []": "instead of a mapping",
    "on: {kitchen: null}": "null instead of settings",
    "on: {kichen: {title: x}}": "unknown dataset 'kichen'.*did you mean 'kitchen'",
    "on: {kitchen: {lms: {}}}": "language models of one dataset",
    "title: a\ntitle: b": "the key 'title' occurs twice",
    "models: {Mine: {average: [teacher_lm], label: x}}": "small letters",
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=list(MISTAKES))
def test_a_mistake_in_a_preset(text, message, tmp_path):
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow")
    (tmp_path / "workflow" / "systems" / "mine.yaml").write_text(f"base: lm_avt_demo\n{text}\n")
    with pytest.raises(ConfigError, match=message) as caught:
        Catalogue({"dataset": "kitchen", "systems": "mine"}, tmp_path)
    assert "systems/mine.yaml" in str(caught.value) and "function-after" not in str(caught.value)


def test_seeds_from_the_command_line():
    assert catalogue(seeds=["0", "2"]).run.seeds == (0, 2)


def test_merge():
    old = {"a": {"b": 1, "c": 2}, "k": {"kind": "x", "o": 1}, "l": [1, 2], "gone": 1}
    new = {"a": {"c": 3}, "k": {"kind": "y"}, "l": [3], "gone": None}
    assert merge(old, new) == {"a": {"b": 1, "c": 3}, "k": {"kind": "y"}, "l": [3]}


@pytest.mark.parametrize("dataset", Files(ROOT).names("datasets"))
def test_every_dataset_resolves(dataset):
    files = Files(ROOT)
    settings = files.dataset(dataset)
    files.system(settings.system, dataset)


@pytest.mark.parametrize("name", ["lm_avt", "lm_avt_decoder", "lm_avt_teacher", "lm_avt_teachers"])
def test_each_dataset_has_the_template_of_its_compounds(name):
    """EPIC writes the head of a compound noun first, EGTEA last."""
    for dataset, template in (("epic55", "plain"), ("egtea_s1", "plain_in_order")):
        models = catalogue(dataset=dataset, systems=name).system(dataset, name).models.values()
        views = [model.view for model in models if getattr(model, "view", {}).get("kind") == "action_history"]
        assert views and {view["template"] for view in views} == {template}


def test_teachers_that_see_different_histories(tmp_path):
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow")
    mine = tmp_path / "workflow" / "systems" / "mine.yaml"
    mine.write_text("base: lm_avt\nmodels: {teacher_counts: {view: {length: 9}}}")
    protocol = Catalogue({"dataset": "epic55", "systems": "mine"}, tmp_path).protocol("epic55", "mine", "teacher_lm_counts")
    assert (protocol["history_rule"], protocol["history_length"]) == ("start", [9, 5])
    mine.write_text("base: lm_avt\nmodels: {teacher_counts: {view: {rule: all}}}")
    with pytest.raises(ConfigError, match=r"rules all and start.*mine\.yaml: models\.teacher_lm_counts"):
        Catalogue({"dataset": "epic55", "systems": "mine"}, tmp_path).protocol("epic55", "mine", "teacher_lm_counts")


def test_history_overrides_reach_the_views_and_the_protocol():
    changed = catalogue(dataset="epic55", history_rule="end")
    system = changed.systems[0]
    assert changed.protocol("epic55", system, "teacher_counts")["history_rule"] == "end"
    assert catalogue(dataset="epic55").protocol("epic55", system, "teacher_counts")["history_rule"] == "start"


def test_what_differs_by_dataset(tmp_path):
    """``on`` is a word here, as in YAML 1.2, and no boolean."""
    for kind in ("datasets", "systems"):
        (tmp_path / "workflow" / kind).mkdir(parents=True)
    for name, text in (("plain", "title: t"), ("one", "title: t"), ("two", "base: one")):
        (tmp_path / "workflow" / "datasets" / f"{name}.yaml").write_text(text)
    (tmp_path / "workflow" / "systems" / "parent.yaml").write_text(
        "title: all\nmodels: {a: {}, yes: {x: false}}\non: {one: {title: on one, models: {a: {x: 2}}}}"
    )
    (tmp_path / "workflow" / "systems" / "child.yaml").write_text("base: parent\nmodels: {b: {x: 3}}\non: {two: {models: {a: {x: 4}}}}")
    files = Files(tmp_path)
    assert files.merged("systems", "parent", "plain") == {"title": "all", "models": {"a": {}, "yes": {"x": False}}}
    assert files.merged("systems", "parent", "two") == {"title": "on one", "models": {"a": {"x": 2}, "yes": {"x": False}}}
    assert files.merged("systems", "child", "one") == {"title": "on one", "models": {"a": {"x": 2}, "b": {"x": 3}, "yes": {"x": False}}}
    assert files.merged("systems", "child", "two") == {"title": "on one", "models": {"a": {"x": 4}, "b": {"x": 3}, "yes": {"x": False}}}


def test_the_published_preset_differs_by_dataset():
    preset = {
        dataset: catalogue(dataset=dataset, systems="lm_avt_published").system(dataset, "lm_avt_published")
        for dataset in ("epic55", "egtea_s1")
    }
    teachers = {dataset: system.models["teacher_recipe_lm"] for dataset, system in preset.items()}
    assert {d: (t.training.epochs, t.training.batch, t.objective[0].weight) for d, t in teachers.items()} == {
        "epic55": (8, 16, 0.7),
        "egtea_s1": (4, 14, 0.8),
    }
    assert [term.class_weights for term in teachers["egtea_s1"].objective] == ["balanced"] * 3
    assert [term.class_weights for term in teachers["epic55"].objective] == ["none"] * 3
    assert {d: (s.primary_metric, s.history.length) for d, s in preset.items()} == {
        "epic55": ("many_shot_recall5_and", 5),
        "egtea_s1": ("top1", 15),
    }


@pytest.mark.parametrize("dataset", ["epic55", "egtea_s1"])
def test_the_published_preset_does_not_train_the_baseline_again(dataset):
    both = catalogue(dataset=dataset, systems=["lm_avt", "lm_avt_published"])
    assert both.home(dataset, "lm_avt_published", "student_baseline") == "lm_avt"
    assert both.home(dataset, "lm_avt_published", "student_lm") == "lm_avt_published"


def test_on_is_a_word(tmp_path):
    """YAML 1.1 reads `on:` as true; here it says what differs by dataset."""
    for kind, name, text in (
        ("datasets", "d", "title: x\nsystem: s\nreader: {kind: egtea}\ntau_a: 1.0\ntau_o: 5.0\n"),
        ("systems", "s", "title: x\non: {d: {title: y}}\n"),
    ):
        (tmp_path / "workflow" / kind).mkdir(parents=True)
        (tmp_path / "workflow" / kind / f"{name}.yaml").write_text(text)
    files = Files(tmp_path)
    assert files.merged("systems", "s") == {"title": "x"}
    assert files.merged("systems", "s", "d") == {"title": "y"}


def test_recipes_may_not_be_named_like_a_dataset():
    with pytest.raises(ConfigError, match=r"recipes named 'kitchen.json'.*rename"):
        catalogue(dataset="epic55", recipes="/x/kitchen.json").corpus("epic55")
    assert catalogue(dataset="epic55", recipes="/x/layer1.json.gz").corpus("epic55") == "layer1"
