"""Weights of teachers by their cross-entropies, against loops written for this (golden numbers)."""

from __future__ import annotations

import numpy as np
import pytest

from foretaste.scores.mean import log_softmax, mean_logits
from foretaste.scores.softmin import cross_entropies, held_out_shares, per_sample_shares

GAMMAS = ("0.1", "1", "10")


@pytest.fixture(scope="module")
def golden(shared_golden):
    with np.load(shared_golden / "distillation_losses_cases.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize(
    ("shares", "weights", "ensemble"),
    [
        (per_sample_shares, "weights_per_sample", "ensemble_per_sample"),
        (held_out_shares, "weights_dataset", "ensemble_dataset"),
    ],
)
def test_shares_and_ensembles(golden, gamma, shares, weights, ensemble):
    teachers = list(golden["teachers3"])
    found = shares(cross_entropies(teachers, golden["labels"]), float(gamma))
    np.testing.assert_allclose(found, golden[f"{weights}/gamma{gamma}"], atol=1e-9)
    mean = mean_logits(teachers, "logits", found)
    # Ours is a mean of log probabilities: a constant a row apart.
    np.testing.assert_allclose(mean, _up_to_a_constant(golden[f"{ensemble}/gamma{gamma}"], mean), atol=1e-9)


def test_equal_shares(golden):
    mean = mean_logits(list(golden["teachers3"]), "logits")
    np.testing.assert_allclose(log_softmax(mean), log_softmax(golden["ensemble_mean"]), atol=1e-9)


def _up_to_a_constant(logits, like):
    return logits + (like - logits)[:, :1]


def test_a_small_gamma_takes_the_best_teacher_and_a_large_one_all():
    errors = np.array([[0.1, 3.0], [2.0, 0.2]])
    np.testing.assert_allclose(per_sample_shares(errors, 1e-3), [[1, 0], [0, 1]])
    np.testing.assert_allclose(per_sample_shares(errors, 1e6), np.full((2, 2), 0.5), atol=1e-5)
    np.testing.assert_allclose(held_out_shares(errors, 1e-4), [0, 1], atol=1e-9)
    # Hopeless teachers do not underflow to shares of nothing.
    np.testing.assert_allclose(held_out_shares(errors + 1e4, 1.0).sum(), 1.0)


def test_shares_of_rows_reach_every_row_of_a_long_split():
    random = np.random.default_rng(0)
    logits, shares = random.normal(size=(2, 1500, 3)), random.uniform(size=(1500, 2))
    each = np.stack([log_softmax(one) for one in logits])
    own = (shares / shares.sum(axis=1, keepdims=True)).T[..., None]
    np.testing.assert_allclose(mean_logits(list(logits), "logits", shares), (own * each).sum(axis=0))
    expected = np.log((own * np.exp(each)).sum(axis=0))
    np.testing.assert_allclose(mean_logits(list(logits), "probabilities", shares), expected)
