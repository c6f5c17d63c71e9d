"""A typo in a preset is an error that says where it stands, and lists the choices."""

from __future__ import annotations

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.yaml_files import read_yaml

#: A mistake in a preset based on lm_avt_demo -> what the error must say: the key as written, and the choices
#: there.
MISTAKES = {
    "models: {student_lm: {lable: x}}": (
        "unknown key 'lable'.*models.student_lm.lable: one of backbone, calibrate.*label.*did you mean"
        " 'label'"
    ),
    "models: {student_lm: {training: {epohcs: 3}}}": (
        "models.student_lm.training.epohcs: one of accumulate.*did you mean 'epochs'"
    ),
    "models: {student_lm: {training: {optimizer: {kind: adamw, rl: 1}}}}": (
        "training.optimizer.rl: one of betas, kind, lr"
    ),
    "models: {student_lm: {training: {optimizer: {kind: adan, lr: 1}}}}": (
        "unknown kind 'adan'.*training.optimizer: one of adam, adamw, sgd: did"
    ),
    "models: {student_lm: {training: {schedule: {warmpu: 1}}}}": (
        "training.schedule.warmpu: one of after.*did you mean 'warmup'"
    ),
    "models: {student_lm: {training: {kind: lop}}}": "unknown kind 'lop'.*training: one of counting, loop",
    "models: {student_lm: {objective: [{loss: {kind: kl}, of: action, wieght: 3}]}}": (
        "objective.0.wieght: one of class_weights.*'weight'"
    ),
    "models: {student_lm: {training: {groups: [{match: '(['}]}}}": "not a regular expression.*groups.0.match",
    "models: {student_lm: {folds: 1}}": "at least 2: .*models.student_lm: a value that",
    "models: {student_lm: {backbone: null, view: {kind: clip, window: target}}}": (
        "a student that sees the action itself: .*models.student_lm: window: window: observed"
    ),
    "models: {teacher_lm_counts: {averge: [teacher_lm]}}": (
        "teacher_lm_counts.averge: one of average, label.*did you mean 'average'"
    ),
    "models: {teacher_lm_counts: {average: [teacher_lm_counts]}}": "circle: teacher_lm_counts",
    "models: {teacher_lm_counts: {average: [teacher_ml]}}": (
        "unknown model 'teacher_ml'.*did you mean 'teacher_lm'"
    ),
    "models: {teacher_lm_counts: {average: [teacher_lm, teacher_lm]}}": (
        "each model once.*models.teacher_lm_counts"
    ),
    "models: {teacher_lm_counts: {weights: fitted}}": (
        "weights: fitted, and .*teacher_counts saw all.*teacher_lm_counts: held_out or folds"
    ),
    "models: {teacher_lm_counts: {average: [teacher_counts], prior_exponent: .inf}}": (
        "wrong value inf.*teacher_lm_counts.prior_exponent: one of fitted or a finite number"
    ),
    "models: {teacher_lm: {held_out: 5}, teacher_counts: {folds: 0, held_out: 9}, teacher_lm_counts: "
    "{weights: fitted}}": ("different videos .held_out:"),
    "models: {teacher_lm_counts: {space: logits, weights: {kind: held_out}}}": (
        "weights: fitted, and .*teacher_counts saw all.*teacher_lm_counts: held_out or folds"
    ),
    "models: {teacher_lm_counts: {weights: {kind: per_sample}}}": "per_sample needs space: logits",
    "models: {teacher_lm_counts: {space: logits, prior_exponent: fitted, weights: {kind: per_sample}}}": (
        "per_sample needs a number for prior_exponent"
    ),
    "models: {teacher_lm_counts: {space: logits, weights: {kind: per_sampel}}}": "held_out, per_sample",
    "models: {teacher_lm_counts: {space: logits, weights: {kind: per_sample, gamma: 0}}}": "gamma",
    "models: {student_lm: {held_out: 5}}": "learns from another's scores.*models.student_lm",
    "lms: {mine: {innit: minilm}}": "lms.mine.innit: one of .*init.*did you mean 'init'",
    "backbones: {mine: {gird: {fps: 1.0}}}": "backbones.mine.gird: one of .*did you mean 'grid'",
    "backbones: {mine: {grid: {fsp: 1.0}}}": (
        "backbones.mine.grid.fsp: one of .*fps.*shards.*did you mean 'fps'"
    ),
    "history: {rulle: end}": "history.rulle: one of length, rule, source.*did you mean 'rule'",
    "histroy: {}": "unknown key 'histroy'.*one of backbones, comparisons, datasets, frame_stores, history",
    "comparisons: [[student_ml, student_lm]]": "unknown model 'student_ml'.*comparisons",
    "models: {student_lm: 3}": "3 instead of settings.*models.student_lm",
    "models: []": "instead of a mapping",
    "on: {kitchen: null}": "null instead of settings",
    "on: {kichen: {title: x}}": "unknown dataset 'kichen'.*did you mean 'kitchen'",
    "on: {kitchen: {lms: {}}}": "lms of one dataset",
    "on: {kitchen: {texts: {}}}": "texts of one dataset",
    "texts: {recipes: {openie: {backend: {objects: eech}}}}": "eech.*texts.recipes",
    "texts: {recipes: {phrases: {objekt: head}}}": "unknown key 'objekt'.*did you mean 'object'",
    "texts: {shards: {}}": "text named 'shards'",
    "lms: {minilm_recipes_kitchen: {text: recipees}}": "unknown text 'recipees'.*did you mean 'recipes'",
    "title: a\ntitle: b": "the key 'title' occurs twice",
    "title: 2026-13-45": "not YAML .*month must be in",
    "? [title]\n: a": "not YAML .*unhashable key",
    "history: {length: 010}": "010 is another number.*line 2",
    "history: {length: 1:30}": "1:30 is another number",
    f"history: {{length: {'9' * 5000}}}": "not YAML",
    "models: {Mine: {average: [teacher_lm], label: x}}": "small letters",
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=list(MISTAKES))
def test_a_mistake_in_a_preset(text, message, tmp_path):
    copy_workflow(tmp_path)
    (tmp_path / "workflow" / "systems" / "mine.yaml").write_text(f"base: lm_avt_demo\n{text}\n")
    with pytest.raises(ConfigError, match=message) as caught:
        Catalogue({"dataset": "kitchen", "systems": "mine"}, tmp_path)
    assert "systems/mine.yaml" in str(caught.value) and "function-after" not in str(caught.value)


def test_yaml_that_nests_too_deeply_is_one_error(tmp_path):
    (tmp_path / "x.yaml").write_text("[" * 3000)
    with pytest.raises(ConfigError, match=r"nested too deeply.*x\.yaml"):
        read_yaml(tmp_path / "x.yaml")
