"""The mean of logits: of several models, or of several views of one. What else averages need lies apart: an
edit of that makes no training anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Space = Literal["probabilities", "logits"]

#: Rows that are averaged at a time: fifteen models of EPIC-55 at once would need 20 GB.
ROWS = 1024


def mean_logits(
    logits: Sequence[np.ndarray], space: Space, weights: Sequence[float] | np.ndarray | None = None
) -> np.ndarray:
    """(n, C) float64 logits of the mean model, from one (n, C) array a model.

    ``probabilities``: log of the mean of the softmaxes. ``logits``: mean of the logits, each model's log
    probabilities being taken, so that a constant added to one model's logits changes nothing.

    weights
        One a model, (m,), or one a row and model, (n, m); not all 0, of any sum. None: equal.
    """
    share = np.ones(len(logits)) if weights is None else np.asarray(weights, dtype=np.float64)
    share = np.atleast_2d(share / share.sum(axis=-1, keepdims=True))
    counted = [one for one, own in zip(logits, share.any(axis=0), strict=True) if own]
    share = np.broadcast_to(share[:, share.any(axis=0)].T[..., None], (len(counted), len(logits[0]), 1))
    mean = np.empty(logits[0].shape, dtype=np.float64)
    for start in range(0, len(mean), ROWS):
        rows = slice(start, start + ROWS)
        each = np.stack([log_softmax(one[rows]) for one in counted])
        if space == "logits":
            mean[rows] = (share[:, rows] * each).sum(axis=0)
        else:
            highest = each.max(axis=0)
            mean[rows] = highest + np.log((share[:, rows] * np.exp(each - highest)).sum(axis=0))
    return mean


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """(n, C) float64 log probabilities."""
    relative = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return relative - np.log(np.exp(relative).sum(axis=1, keepdims=True))
