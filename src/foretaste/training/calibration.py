"""Temperature scaling (Guo et al. 2017, arXiv:1706.04599): one number a head, fitted on rows the model did not see."""

from __future__ import annotations

import numpy as np

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import DataError

#: Temperatures that are considered. Logits that say nothing, or that are never wrong, have no finite optimum.
LOWEST, HIGHEST = 0.05, 20.0


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The T in [LOWEST, HIGHEST] that minimises the mean negative log-likelihood of ``labels`` under softmax(logits / T).

    logits
        (n, C) float; rows whose label is ``UNLABELLED`` are left out.
    labels
        (n,) int64.

    The likelihood is concave in b = 1 / T, with slope mean(z_y - E_p[z]); its root is found by Newton's method, kept inside
    a bracket. Raises DataError where no row is labelled.
    """
    labelled = labels != UNLABELLED
    if not labelled.any():
        raise DataError("no labelled row to calibrate on", "calibrate", "labels in the training split", "set calibrate: false")
    z = np.asarray(logits[labelled], dtype=np.float64)
    z -= z.max(1, keepdims=True)
    said = z[np.arange(len(z)), labels[labelled]]
    low, high, b = 1 / HIGHEST, 1 / LOWEST, 1.0
    for _ in range(100):
        p = np.exp(b * z)
        p /= p.sum(1, keepdims=True)
        mean = (p * z).sum(1)
        slope = float((said - mean).mean())
        curvature = float(((p * z * z).sum(1) - mean * mean).mean())
        low, high = (b, high) if slope > 0 else (low, b)
        newton = b + slope / curvature if curvature > 0 else np.inf
        following = newton if low < newton < high else float(np.sqrt(low * high))
        if abs(following - b) <= 1e-12 * b:
            break
        b = following
    return 1 / following
