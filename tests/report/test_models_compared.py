"""Sections that put what models say side by side: their numbers, by hand and against the metrics."""

import numpy as np
import pytest

from foretaste.evaluation.metrics import calibration_error
from foretaste.report.heatmap import heatmap
from foretaste.report.sections.agreement import divergence, shares
from foretaste.report.sections.calibration import reliability
from foretaste.report.sections.confusion import Counts, mistakes
from foretaste.report.sections.known import MOST, drawn


def test_the_bins_of_calibration_add_up_to_the_error():
    rng = np.random.default_rng(0)
    confidences = rng.uniform(0.05, 1.0, 400)
    confidences[:2] = 1.0, 1 / 15  # at upper edges
    hits = rng.uniform(size=400) < confidences**2
    found = reliability(confidences, hits)
    assert sum(one.samples for one in found) == 400
    gaps = sum(one.samples * abs(one.right - one.confidence) for one in found) / 400
    assert gaps == pytest.approx(100 * calibration_error(confidences, hits))


def test_who_is_right_adds_up():
    teacher = np.array([True, True, True, False, False])
    student = np.array([True, False, False, True, False])
    found = shares(teacher, student)
    assert (found.both, found.teacher, found.student, found.neither) == (20.0, 40.0, 20.0, 20.0)


def test_the_distance_is_kl_in_nats():
    p, q = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.25, 0.75], [1.0, 0.0]])
    assert divergence(p, q) == pytest.approx([0.5 * np.log(2) + 0.5 * np.log(2 / 3), 0.0])


def test_mistakes_are_those_of_both_models_the_most_frequent_first():
    names = ("cut", "take", "wash")
    a = Counts(names, np.array([[6, 4, 0], [1, 8, 1], [0, 0, 5]]))
    b = Counts(names, np.array([[9, 1, 0], [3, 4, 3], [0, 0, 5]]))
    found = mistakes(a, b)
    assert [(one.truth, one.said) for one in found] == [("cut", "take"), ("take", "cut"), ("take", "wash")]
    assert (found[0].a, found[0].b, found[0].samples) == (40.0, 10.0, 10)


def test_a_heatmap_names_every_cell_and_writes_no_zero():
    drawing = heatmap(("take_<pan>", "b"), ("take_<pan>", "b"), np.array([[100.0, 0.2], [30.0, 70.0]]), "x")
    assert drawing.count('class="cell"') == 4 and drawing.count('class="full"') == 3
    assert "take &lt;pan&gt;" in drawing and "<pan>" not in drawing
    assert "b as take &lt;pan&gt;: 30.0 %" in drawing


def test_samples_are_drawn_by_their_ids_alone():
    ids = [f"sample_{number}" for number in range(40)]
    among = np.arange(40) % 2 == 0
    found = drawn(ids, among)
    assert len(found) == MOST and all(among[found])
    back = drawn(ids[::-1], among[::-1])
    assert [ids[i] for i in found] == [ids[::-1][i] for i in back]
    assert drawn(ids, np.zeros(40, dtype=bool)) == []
