"""Top-k accuracy and recall by class, as pure functions on arrays; shares from 0 to 1, None where there is
nothing to average.

S samples, C classes. A hit at k means that fewer than k classes rank before the label. Ties are broken by
class id: of equal scores the lower id ranks first, so the order of the rows, the platform and the sort do not
matter (the published code leaves ties to an unstable sort).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foretaste.contracts.metrics import Metric

#: Bins of the calibration error.
BINS = 15


def label_ranks(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(S,) int64: how many classes rank before the label, for (S, C) scores of any float type and (S,) class
    ids.

    Raises ValueError for a score that is NaN or a label that is no class.
    """
    if np.isnan(scores).any() or (len(labels) and not (labels.min() >= 0 and labels.max() < scores.shape[1])):
        raise ValueError("scores hold NaN, or a label is not one of their columns")
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    before = np.arange(scores.shape[1]) < labels[:, None]
    return (scores > own).sum(axis=1) + ((scores == own) & before).sum(axis=1)


def accuracy(hits: np.ndarray) -> float | None:
    """Share of the samples that are hits; ``hits`` (S,) bool."""
    return float(hits.mean()) if len(hits) else None


def class_recalls(hits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes that occur among the labels, in ascending order; the recall of each; its number of samples."""
    present, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return present, np.bincount(index, weights=hits, minlength=len(present)) / counts, counts


def class_mean_recall(hits: np.ndarray, labels: np.ndarray) -> float | None:
    """Mean over classes of the recall of each; classes without a sample are left out (RULSTM's topk_recall).

    With k = 1 this is the mean class accuracy that papers report on EGTEA; of the samples of the many-shot
    classes alone and k = 5, MS-Rec@5.
    """
    recalls = class_recalls(hits, labels)[1]
    return float(recalls.mean()) if len(recalls) else None


def calibration_error(confidences: np.ndarray, hits: np.ndarray) -> float | None:
    """Expected calibration error (Guo et al. 2017, arXiv:1706.04599, equation 3): samples are put into
    ``BINS`` bins by the confidence in their first class, of equal width and with their upper edges; the mean
    over samples of how far the share of hits in a bin is from its mean confidence.

    confidences (S,) from 0 to 1, hits (S,) bool: whether the first class is the label.
    """
    if not len(hits):
        return None
    bins = np.clip(np.ceil(confidences * BINS).astype(np.int64) - 1, 0, BINS - 1)
    gaps = np.bincount(bins, weights=hits - confidences, minlength=BINS)
    return float(np.abs(gaps).sum() / len(hits))


def measured(metric: Metric, ranks: np.ndarray, confidences: np.ndarray, labels: np.ndarray) -> float | None:
    """The value of a metric, from 0 to 1, over (S,) samples: the rank of the label, the probability of the
    first class, the label. What ``metric.group`` leaves out is left out by the caller.
    """
    if metric.kind == "ece":
        return calibration_error(confidences, ranks < 1)
    average = {"accuracy": lambda hits, _: accuracy(hits), "class_mean_recall": class_mean_recall}
    return average[metric.kind](ranks < metric.k, labels)


def softmax(logits: np.ndarray) -> np.ndarray:
    """(S, C) float64 probabilities."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def marginal(probabilities: np.ndarray, made_of: Sequence[int], classes: int) -> np.ndarray:
    """(S, classes) probabilities of verbs or nouns: the sum over the actions made of each; 0 where there is
    none, as in AVT.

    made_of
        For each of the C actions, its verb (or noun).
    """
    mapping = np.zeros((len(made_of), classes))
    mapping[np.arange(len(made_of)), list(made_of)] = 1
    return probabilities @ mapping
