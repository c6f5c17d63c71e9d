"""A comparison of arms says something only if nothing else differs: every student is the baseline plus its
distillation term.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from foretaste.settings.catalogue import Catalogue

ROOT = Path(__file__).parents[2]
RUNS = [
    ("kitchen", "lm_avt_demo"),
    ("kitchen", "lm_avt_study"),
    ("kitchen_micro", "lm_avt_micro"),
    ("epic55", "lm_avt"),
    ("egtea_s1", "lm_avt"),
    ("epic55", "lm_avt_published"),
    ("egtea_s1", "lm_avt_published"),
]


def own_terms(model):
    """The terms that mention no teacher, as plain settings."""
    return [term.model_dump() for term in model.objective if term.to in ("labels", "features")]


@pytest.mark.parametrize(("dataset", "system"), RUNS)
def test_students_differ_from_the_baseline_in_the_distillation_term_alone(dataset, system):
    models = Catalogue({"dataset": dataset, "systems": system}, ROOT).system(dataset, system).models
    students = {name: model for name, model in models.items() if model.role == "student"}
    baseline = students.pop("student_baseline")
    assert own_terms(baseline) == [term.model_dump() for term in baseline.objective], (
        "the baseline has no teacher"
    )
    for name, student in students.items():
        for part in ("backbone", "view", "network", "training"):
            assert getattr(student, part) == getattr(baseline, part), f"{name}: {part}"
        terms = own_terms(student)
        if name == "student_smoothed":
            assert terms[0]["loss"].pop("label_smoothing") > 0
            assert len(student.objective) == len(terms)
        else:
            assert len(student.objective) == len(terms) + 1, f"{name} has one teacher"
        assert terms == own_terms(baseline), f"{name}: its own terms"


@pytest.mark.parametrize(("dataset", "system"), RUNS)
def test_distilled_students_differ_in_the_teacher_alone(dataset, system):
    models = Catalogue({"dataset": dataset, "systems": system}, ROOT).system(dataset, system).models
    terms = [
        term.model_dump(exclude={"to"})
        for model in models.values()
        if model.role == "student"
        for term in model.objective
        if term.to not in ("labels", "features")
    ]
    assert len(terms) >= 2
    assert all(term == terms[0] for term in terms)
