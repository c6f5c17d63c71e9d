"""Temperature scaling (Guo et al. 2017, arXiv:1706.04599): one number a head, fitted on rows the model did
not see.
"""

from __future__ import annotations

import numpy as np

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import DataError

#: Temperatures that are considered. Logits that say nothing, or that are never wrong, have no finite optimum.
LOWEST, HIGHEST = 0.05, 20.0

#: Rows that are worked on at a time.
CHUNK = 4096


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The T in [LOWEST, HIGHEST] that minimises the mean negative log-likelihood of ``labels`` under
    softmax(logits / T).

    logits
        (n, C) float; rows whose label is ``UNLABELLED`` are left out.
    labels
        (n,) int64.

    The likelihood is concave in b = 1 / T, with slope mean(z_y - E_p[z]); its root is found by Newton's
    method, kept inside a bracket. Raises DataError where no row is labelled.
    """
    labelled = np.flatnonzero(labels != UNLABELLED)
    if not len(labelled):
        raise DataError(
            "no labelled row to calibrate on",
            "calibrate",
            "labels in the training split",
            "set calibrate: false",
        )
    low, high, b = 1 / HIGHEST, 1 / LOWEST, 1.0
    for _ in range(100):
        slope, curvature = np.mean(
            np.concatenate([_derivatives(logits[rows], labels[rows], b) for rows in _chunks(labelled)]),
            axis=0,
        )
        low, high = (b, high) if slope > 0 else (low, b)
        newton = b + slope / curvature if curvature > 0 else np.inf
        following = float(newton if low < newton < high else np.sqrt(low * high))
        if abs(following - b) <= 1e-12 * b:
            break
        b = following
    return 1 / following


def _chunks(rows: np.ndarray) -> list[np.ndarray]:
    """EPIC-55's training logits take half a gigabyte in double precision; a few thousand rows at a time do
    not.
    """
    return [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]


def _derivatives(logits: np.ndarray, labels: np.ndarray, b: float) -> np.ndarray:
    """(n, 2): of each row's log-likelihood at inverse temperature b, the first derivative and minus the
    second.
    """
    z = logits.astype(np.float64)
    z -= z.max(1, keepdims=True)
    p = np.exp(b * z)
    p /= p.sum(1, keepdims=True)
    mean = (p * z).sum(1)
    return np.stack([z[np.arange(len(z)), labels] - mean, (p * z * z).sum(1) - mean * mean], axis=1)
