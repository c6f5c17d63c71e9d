"""bench/knowledge.py tells what a model knows from what it has by heart."""

import runpy
from pathlib import Path

import numpy as np
import pytest

BENCH = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "knowledge.py"))


@pytest.fixture
def drawn():
    """4,000 samples whose labels are drawn from their truth: of 12 classes three may come."""
    random = np.random.default_rng(3)
    classes = [random.choice(12, 3, replace=False).tolist() for _ in range(4000)]
    truth = [random.dirichlet(np.ones(3)) for _ in classes]
    labels = np.array([random.choice(some, p=likely) for some, likely in zip(classes, truth)])
    return BENCH["Known"]([str(number) for number in range(4000)], labels, classes, truth)


def said_by_the_truth(of, floor=1e-6):
    probabilities = np.full((len(of.labels), 12), floor)
    for row, (classes, likely) in enumerate(zip(of.classes, of.truth)):
        probabilities[row, classes] += likely
    return probabilities / probabilities.sum(1, keepdims=True)


def test_who_knows_the_truth_is_at_it_and_has_no_label_by_heart(drawn):
    found = BENCH["measures"](np.log(said_by_the_truth(drawn)), drawn)
    assert found["far"] == pytest.approx(0, abs=1e-3)
    assert found["by heart"] == pytest.approx(0, abs=0.05)
    assert found["doubt"] > 0.5


def test_what_knows_nothing_is_as_far_as_it_can_be_without_a_label_by_heart(drawn):
    found = BENCH["measures"](np.zeros((4000, 12)), drawn)
    entropy = np.mean([-(likely * np.log(likely)).sum() for likely in drawn.truth])
    assert found == pytest.approx({"far": np.log(12) - entropy, "doubt": np.log(12), "by heart": 0})


def test_labels_by_heart_are_counted_as_such(drawn):
    """Half of the probability is given to the label: KL and doubt in closed form, row by row."""
    said = said_by_the_truth(drawn, floor=1e-9) / 2
    rows = np.arange(4000)
    said[rows, drawn.labels] += 0.5
    found = BENCH["measures"](np.log(said), drawn)
    far, doubt = 0.0, 0.0
    for row, (classes, likely) in enumerate(zip(drawn.classes, drawn.truth)):
        far += (likely * np.log(likely / said[row, classes])).sum() / 4000
        doubt -= np.log(said[row, drawn.labels[row]]) / 4000
    assert found["far"] == pytest.approx(far) and found["doubt"] == pytest.approx(doubt)
    assert found["by heart"] > 0.3
