"""Weights of teachers by how well each knows the labels: the softmin of their cross-entropies (Radevski et
al. 2023, ICCV).

A small gamma gives all to the best teacher, a large one equal shares.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foretaste.scores.mean import log_softmax


def cross_entropies(logits: Sequence[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """(m, n) float64, in nats, from (n, C) logits of each of m models and the class ids ``truth`` (n,)."""
    columns = truth[:, None]
    return np.stack([-np.take_along_axis(log_softmax(one), columns, axis=1)[:, 0] for one in logits])


def held_out_shares(errors: np.ndarray, gamma: float) -> np.ndarray:
    """(m,) shares that sum to 1, by the mean of ``errors`` (m, n) over rows that no model was trained on."""
    return _softmin(errors.mean(axis=1), gamma)


def per_sample_shares(errors: np.ndarray, gamma: float) -> np.ndarray:
    """(n, m): shares of each row, which sum to 1. They know its label: such a mean is good for teaching, and
    to measure it would be to measure the label.
    """
    return _softmin(errors, gamma).T


def _softmin(errors: np.ndarray, gamma: float) -> np.ndarray:
    share = np.exp((errors.min(axis=0) - errors) / gamma)
    return share / share.sum(axis=0)
