"""Every number of a model: each row of ``contracts.metrics`` for each head that its scores answer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.metrics import METRICS, Metric
from foretaste.evaluation.heads import HeadScores, head_scores
from foretaste.evaluation.metrics import label_ranks, measured
from foretaste.evaluation.protocols import Targets, counted


def measure(
    logits: Mapping[str, np.ndarray], wanted: Targets, classes: ClassSpace
) -> dict[str, dict[str, float | None]]:
    """head -> metric -> per cent (None: absent), for (n, C) logits by head in the order of ``wanted``."""
    return {
        head: head_metrics(scores, head, wanted, classes)
        for head, scores in head_scores(logits, classes).items()
        if head in wanted.labels
    }


def head_metrics(
    scores: HeadScores, head: str, wanted: Targets, classes: ClassSpace
) -> dict[str, float | None]:
    """The numbers of one head."""
    labels = wanted.labels[head]
    ranks, confidences = label_ranks(scores.ranked, labels), scores.probabilities.max(axis=1)

    def value(metric: Metric) -> float | None:
        rows = counted(metric, head, wanted, classes)
        share = None if rows is None else measured(metric, ranks[rows], confidences[rows], labels[rows])
        return None if share is None else 100 * share

    return {name: value(metric) for name, metric in METRICS.items()}
