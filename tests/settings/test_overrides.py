"""Settings from the command line: where they apply, and that a mistake is one line that lists the choices."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.configured import configured
from foretaste.pipeline.report_plan import plan_report
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.overrides import parsed
from foretaste.tools.config import told

ROOT = Path(__file__).parents[2]


def catalogue(overrides, **settings) -> Catalogue:
    run = {"dataset": "epic55", "systems": "lm_avt_small", "set": overrides, **settings}
    return Catalogue(run, ROOT)


def test_a_text_is_path_and_value_pairs_and_values_are_yaml():
    text = "a.b=3, c.d=[1, 2],e={k: v, w: 1.5},f=null,g=text"
    assert parsed(text) == {"a.b": 3, "c.d": [1, 2], "e": {"k": "v", "w": 1.5}, "f": None, "g": "text"}
    assert parsed({"a.b": 3}) == {"a.b": 3}
    for wrong in ("a.b", "=3", "a.b=[1"):
        with pytest.raises(ValueError, match=r"path=value|YAML"):
            parsed(wrong)


def test_it_reaches_models_by_pattern_and_anything_else_by_its_path():
    found = catalogue("student_*.training.epochs=3,history.length=9,lms.minilm_recipes.training.batch=8")
    system = found.system("epic55", "lm_avt_small")
    students = [model for name, model in system.models.items() if name.startswith("student_")]
    assert len(students) == 4 and {model.training.epochs for model in students} == {3}
    assert system.models["teacher_lm"].training.epochs == 6 and system.history.length == 9
    assert found.named("lms", "minilm_recipes").training.batch == 8


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "studnt_lm.training.epochs=3",
            "unknown model or key 'studnt_lm'.*set: studnt_lm.*did you mean 'student_lm'",
        ),
        ("student_lm.training.epoch=3", "unknown key 'epoch'.*student_lm.training.*did you mean 'epochs'"),
        ("student_lm.training.epochs=many", "student_lm.training.*epochs.*whole number"),
        ("histroy.length=3", "unknown model or key 'histroy'.*did you mean 'history'"),
        ("student_lm", "is no path=value"),
        ("student_lm.training.epochs=3,student_lm.training.epochs=4", "training.epochs is set twice"),
        ("student_lm.training.epochs=010", "'010' is no YAML value .*another number"),
        ("student_lm.training={[1]: 2}", "is no YAML value"),
        ("teacher_lm.reuse=theirs", "<name>@<version>, such as .*got 'theirs'"),
    ],
)
def test_a_mistake_is_one_line(text, words):
    with pytest.raises(ConfigError, match=words) as caught:
        catalogue(text)
    assert "\n" not in str(caught.value)


def test_a_report_tells_what_was_laid_over_its_system_and_what_it_reuses():
    overrides = {"student_lm.training.epochs": 3, "teacher_lm.reuse": "theirs@2", "history.length": 4}
    config = plan_report(catalogue(overrides, recipes="layer1.json"), "epic55", "lm_avt_small", "").config
    assert config["set"] == overrides
    reused = {name: facts["reuse"] for name, facts in config["models"].items() if facts["reuse"]}
    assert reused == {"teacher_lm": "theirs@2"}
    students = {"student_lm.training.epochs": 3}
    both = catalogue(students, systems=["lm_avt_small", "lm_avt_counts"])
    assert plan_report(both, "epic55", "lm_avt_counts", "").config["set"] == {}


def test_the_settings_are_printed_with_where_each_comes_from(monkeypatch):
    made = configured(
        ["dataset=epic55", "systems=[lm_avt_small]", "set=student_lm.training.epochs=3", "history_rule=end"],
        ROOT,
    )
    lines = list(told(made.catalogue, "lm_avt_small", "epic55"))
    assert "      epochs: 3  # config.yaml: set" in lines
    assert '  rule: "end"  # config.yaml' in lines
    assert "      width: 128  # workflow/systems/lm_avt_small.yaml" in lines
    assert '  source: "all_splits"  # workflow/systems/lm_avt.yaml' in lines
    assert "tau_a: 1.0  # workflow/datasets/epic55.yaml" in lines
    assert "teacher_seeds: 1  # default" in lines
