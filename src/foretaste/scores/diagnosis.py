"""What scores would teach, before anybody is taught: how right they are, how sure, and how much of them a
student is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import entr, log_softmax, softmax

from foretaste.scores.topk import top_k as best_of

#: Rows that are looked at together, in double precision.
BLOCK = 1024
#: From this share of the largest entropy on targets say hardly anything; up to that they are a label again.
VAGUE, CERTAIN = 0.98, 0.02
#: A teacher of its own training rows that leaves less than this share of the doubt it has elsewhere has them
#: by heart.
BY_HEART = 0.5


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Of one head's logits for N labelled rows, means over rows.

    top1, top5
        Per cent of rows.
    doubt
        Nats: minus the log of the probability of the label, at temperature 1.
    agreement
        Per cent: the probability of the label at the temperature that is taught at.
    entropy
        Of the class probabilities at that temperature, as a share of log C: 1 where all C classes are equal.
    kept
        Per cent: the probability at that temperature of the K best classes; None where all are taught.
    """

    samples: int
    top1: float
    top5: float
    doubt: float
    agreement: float
    entropy: float
    kept: float | None


def diagnose(
    logits: np.ndarray, labels: np.ndarray, *, temperature: float = 1.0, k: int | None = None
) -> Diagnosis:
    """Of logits (N, C) and class ids (N,), as a term with this temperature and top K would teach them."""
    rows, sums = len(labels), np.zeros(6)
    for start in range(0, rows, BLOCK):
        sums += _sums(logits[start : start + BLOCK], labels[start : start + BLOCK], temperature, k)
    top1, top5, doubt, agreement, entropy, kept = (sums / rows).tolist()
    return Diagnosis(
        samples=rows,
        top1=100 * top1,
        top5=100 * top5,
        doubt=doubt,
        agreement=100 * agreement,
        entropy=entropy / np.log(logits.shape[1]) if logits.shape[1] > 1 else 0.0,
        kept=None if k is None else 100 * kept,
    )


def warnings(taught: Diagnosis, elsewhere: Diagnosis | None, scored: str | None) -> Iterator[str]:
    """What speaks against teaching with these scores of training rows, a line each.

    elsewhere
        The same of rows that the teacher was not trained on; None where there are none.
    scored
        How the training rows were scored, as the manifest says: ``in-sample``, ``out-of-fold`` ...
    """
    if taught.entropy >= VAGUE:
        yield (
            f"it says hardly anything: {100 * taught.entropy:.1f} % of the entropy of a blind guess; look at"
            " the teacher, or lower the temperature"
        )
    if taught.entropy <= CERTAIN:
        yield (
            f"it adds next to nothing to labels: {100 * taught.entropy:.1f} % of the entropy of a blind"
            " guess; raise the temperature, or score training rows out of fold (folds)"
        )
    if elsewhere is not None and scored == "in-sample" and taught.doubt < BY_HEART * elsewhere.doubt:
        yield (
            f"it has its training rows by heart: {taught.doubt:.2f} nats there, {elsewhere.doubt:.2f} on"
            " others; score them out of fold (folds)"
        )


def _sums(logits: np.ndarray, labels: np.ndarray, temperature: float, k: int | None) -> np.ndarray:
    """(6,) sums over rows, in the order of ``Diagnosis``; the entropy in nats."""
    wide = logits.astype(np.float64)
    at_one, probability = log_softmax(wide, 1), softmax(wide / temperature, 1)
    mine = np.arange(len(labels))
    truth = logits[mine, labels]
    # Of equal logits that of the lower class ranks before, as everywhere.
    above = (logits > truth[:, None]).sum(1) + ((logits == truth[:, None]).cumsum(1)[mine, labels] - 1)
    entropy = entr(probability).sum()
    kept = (
        len(labels)
        if k is None
        else np.take_along_axis(probability, best_of(logits, k).indices, axis=1).sum()
    )
    sums = (above < 1).sum(), (above < 5).sum(), -at_one[mine, labels].sum(), probability[mine, labels].sum()
    return np.array([*sums, entropy, kept], dtype=np.float64)
