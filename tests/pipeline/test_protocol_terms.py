"""The protocol of a model lists every term that it was trained on, with every setting of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.evaluation.protocols import PROTOCOL
from foretaste.pipeline.protocol import protocol
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.preset_files import Files

ROOT = Path(__file__).parents[2]
KL = "{loss: {kind: kl, temperature: 3.0, t_squared: true}, of: action, to: teacher_lm, weight: 4.0}"
FUTURE = (
    "{loss: {kind: feature_mse}, of: maps.future, to: teacher_lm.embedding, through: {kind: linear},"
    " weight: 0.5, over: all}"
)
SMOOTHED = "{loss: {kind: cross_entropy, label_smoothing: 0.1}, of: action}"
DROPPED = "{loss: {kind: kl, temperature: 9.0, t_squared: false}, of: action, to: teacher_lm, weight: 0.0}"


def terms(tmp_path: Path, *given: str) -> list[dict]:
    copy_workflow(tmp_path)
    text = f"base: lm_avt_demo\nmodels: {{student_lm: {{objective: [{', '.join(given)}]}}}}\n"
    (tmp_path / "workflow" / "systems" / "mine.yaml").write_text(text)
    return protocol(
        Catalogue({"dataset": "kitchen", "systems": "mine"}, tmp_path), "kitchen", "mine", "student_lm"
    )["terms"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_term_after_another_does_not_hide_it(tmp_path, order):
    found = terms(tmp_path, *[SMOOTHED, KL, FUTURE][::order])[::order]
    assert [(term["of"], term["to"], term["loss"], term["weight"]) for term in found] == [
        ("action", "labels", "cross_entropy", 1.0),
        ("action", "teacher_lm", "kl", 4.0),
        ("maps.future", "teacher_lm.embedding", "feature_mse", 0.5),
    ]
    names = ("temperature", "top_k", "t_squared", "reduction", "over", "class_weights")
    assert [[term[name] for name in names] for term in found] == [
        [None, None, None, "batch", "labelled", "none"],
        [3.0, None, True, "batch", "labelled", "none"],
        [None, None, None, "batch", "all", "none"],
    ]
    assert [term.get("label_smoothing") for term in found] == [0.1, None, None]


def test_what_a_preset_leaves_to_its_default_is_written_and_a_term_of_weight_zero_is_none(tmp_path):
    (term,) = terms(tmp_path, "{loss: {kind: cross_entropy}, of: action}", DROPPED)
    assert term["label_smoothing"] == 0.0


def test_what_a_term_goes_through_and_the_field_it_is_compared_with_are_written(tmp_path):
    mapped = "{loss: {kind: smooth_l1}, of: maps.future, to: teacher_lm.action, through: {kind: linear}}"
    plain, adapted = terms(tmp_path, KL, mapped)
    assert (plain["to"], plain["through"]) == ("teacher_lm", None)
    assert (adapted["to"], adapted["through"], adapted["beta"]) == ("teacher_lm.action", "linear", 1.0)


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("{loss: {kind: cross_entropy}, of: action, through: {kind: linear}}", "only towards a model"),
        ("{loss: {kind: feature_mse}, of: embedding, to: features.x}", "<model>.<field>"),
        ("{loss: {kind: feature_mse}, of: embedding, to: teacher_lm.}", "<model>.<field>"),
        ("{loss: {kind: feature_mse}, of: embedding, to: teacher.embedding}", "unknown model 'teacher'"),
        ("{loss: {kind: smooth_l1}, of: action, to: teacher_lm, through: {kind: liner}}", "adapters .liner."),
    ],
)
def test_terms_without_a_meaning_are_refused_with_the_preset(tmp_path, term, message):
    with pytest.raises(ConfigError, match=message):
        terms(tmp_path, term)


def test_the_example_of_the_page_is_a_model_that_two_teachers_teach(tmp_path):
    page = (ROOT / "docs" / "teachers.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(student_taught:.*?)^```", page, re.M | re.S)
    copy_workflow(tmp_path)
    models = "".join(f"  {line}\n" for line in block.splitlines())
    (tmp_path / "workflow" / "systems" / "mine.yaml").write_text(f"base: lm_avt_demo\nmodels:\n{models}")
    catalogue = Catalogue({"dataset": "kitchen", "systems": "mine"}, tmp_path)
    found = protocol(catalogue, "kitchen", "mine", "student_taught")["terms"]
    assert [(term["to"], term["loss"], term["through"], term["live"]) for term in found] == [
        ("labels", "cross_entropy", None, None),
        ("teacher_counts", "kl", None, False),
        ("teacher_lm.embedding", "smooth_l1", "linear", False),
    ]


def test_every_model_of_every_preset_has_the_settings_that_metrics_hold():
    files = Files(ROOT)
    for dataset in ("kitchen", "epic55"):
        catalogue = Catalogue({"dataset": dataset}, ROOT)
        for system in files.names("systems"):
            for model, settings in catalogue.system(dataset, system).models.items():
                found = protocol(catalogue, dataset, system, model)
                assert set(found) == set(PROTOCOL)
                assert len(found["terms"]) == len(
                    [term for term in getattr(settings, "objective", ()) if term.weight]
                )
    student = protocol(Catalogue({"dataset": "epic55"}, ROOT), "epic55", "lm_avt", "student_lm")
    (distilled,) = (term for term in student["terms"] if term["to"] == "teacher_lm")
    assert (
        distilled["temperature"],
        distilled["top_k"],
        distilled["renormalise"],
        distilled["reduction"],
    ) == (5.0, 50, "both", "elements")
