"""Cross-fitting folds and temperatures."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from foretaste.annotations.video_folds import folds_by_video
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.training.calibration import HIGHEST, LOWEST, fit_temperature
from foretaste.training.crossfit import ScoredRows, fit_temperatures, siblings
from foretaste.training.samples import Samples
from foretaste.training.scoring import Scored

VIDEOS = [f"P{number % 11:02d}" for number in range(200)]


def test_a_video_is_in_one_fold_and_folds_are_even():
    found = folds_by_video(VIDEOS, 3, seed=0)
    assert {len({fold for video, fold in zip(VIDEOS, found) if video == name}) for name in VIDEOS} == {1}
    held = [{video for video, fold in zip(VIDEOS, found) if fold == number} for number in range(3)]
    assert sorted(len(videos) for videos in held) == [3, 4, 4]


def test_folds_depend_on_names_and_seed_alone():
    backwards = folds_by_video(VIDEOS[::-1], 3, seed=0)[::-1]
    np.testing.assert_array_equal(folds_by_video(VIDEOS, 3, seed=0), backwards)
    assert (folds_by_video(VIDEOS, 3, seed=1) != backwards).any()


def test_held_out_videos_are_the_same_for_every_seed():
    one, two = (siblings(VIDEOS, 0, 5, seed)["held_out"] for seed in (0, 1))
    np.testing.assert_array_equal(one, two)
    assert len({video for video, without in zip(VIDEOS, one) if without}) == 3  # of 11, rounded up
    assert list(siblings(VIDEOS, 3, 0, 1)) == ["fold0", "fold1", "fold2"] and siblings(VIDEOS, 0, 0, 1) == {}
    np.testing.assert_array_equal(siblings(VIDEOS, 3, 0, 1)["fold2"], folds_by_video(VIDEOS, 3, seed=1) == 2)


def test_more_folds_than_videos():
    with pytest.raises(ConfigError, match="12 folds of 11 training videos: model: folds"):
        siblings(VIDEOS, 12, 0, seed=0)
    with pytest.raises(ConfigError, match="12 folds of 11 training videos: model: held_out"):
        siblings(VIDEOS, 0, 12, seed=0)


@pytest.mark.parametrize(("scale", "right", "wrong"), [(1.0, 7, 3), (8.0, 90, 10), (0.5, 199, 1)])
def test_temperature_of_two_classes_has_a_closed_form(scale, right, wrong):
    """Logits (a, 0), right in a share p of the rows: sigmoid(a / T) = p, so T = a / logit(p)."""
    logits = np.tile([scale, 0.0], (right + wrong, 1))
    labels = np.array([0] * right + [1] * wrong)
    assert fit_temperature(logits, labels) == pytest.approx(scale / math.log(right / wrong), rel=1e-9)


def test_temperature_is_the_minimum_of_a_fine_grid():
    random = np.random.default_rng(0)
    logits = random.normal(size=(500, 12)) * 3
    labels = np.array([random.choice(12, p=np.exp(row / 2.5) / np.exp(row / 2.5).sum()) for row in logits])
    labels[::7] = -1
    kept = labels >= 0

    def loss(temperature):
        z = logits[kept] / temperature
        return (np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), labels[kept]]).mean()

    found = fit_temperature(logits, labels)
    grid = np.linspace(1.5, 4, 5001)
    assert found == pytest.approx(grid[np.argmin([loss(t) for t in grid])], abs=1e-3)
    assert loss(found) <= min(loss(found * 1.001), loss(found / 1.001))


def test_temperature_stays_in_its_range():
    always_right = np.tile([1.0, 0.0], (4, 1))
    assert fit_temperature(always_right, np.zeros(4, dtype=int)) == pytest.approx(LOWEST)
    assert fit_temperature(always_right, np.ones(4, dtype=int)) == pytest.approx(HIGHEST)
    with pytest.raises(DataError, match="no labelled row"):
        fit_temperature(always_right, np.full(4, -1))


def test_a_fold_without_a_label_of_a_head_leaves_the_temperature_to_the_others():
    """Two folds of rows with logits (a, 0); only the first has verbs."""
    right, wrong, scale = 90, 10, 8.0
    logits = np.tile(np.float32([scale, 0.0]), (right + wrong, 1))
    labels = np.array([0] * right + [1] * wrong)
    found = fit_temperatures([
        part(0, {"action": logits, "verb": logits}, {"action": labels, "verb": labels}),
        part(1, {"action": logits, "verb": -logits}, {"action": labels}),
    ])  # fmt: skip
    wanted = scale / math.log(right / wrong)
    assert found == {"action": pytest.approx(wanted), "verb": pytest.approx(wanted)}
    with pytest.raises(DataError, match="no labelled row"):
        fit_temperatures([part(0, {"verb": logits}, {"action": labels})])


def part(fold: int, logits: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> ScoredRows:
    ids = tuple(map(str, range(len(labels["action"]))))
    tensors = {head: torch.from_numpy(values) for head, values in labels.items()}
    samples = Samples(view=None, rows=np.arange(len(ids)), ids=ids, labels=tensors)
    scored = Scored(ids=ids, logits=logits, embedding=None, digests=())
    return ScoredRows(split="training", fold=fold, samples=samples, scored=scored)
