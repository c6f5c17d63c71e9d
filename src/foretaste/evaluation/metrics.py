"""Top-k accuracy and recall by class, as pure functions on arrays; shares from 0 to 1, None where there is
nothing to average.

S samples, C classes. A hit at k means that fewer than k classes rank before the label. Ties are broken by
class id: of equal scores the lower id ranks first, so the order of the rows, the platform and the sort do not
matter (the published code leaves ties to an unstable sort).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from foretaste.contracts.classes import ClassSpace


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


def class_recalls(
    hits: np.ndarray, labels: np.ndarray, classes: Collection[int] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes that occur among the labels (and in ``classes``), in ascending order; the recall of each; its
    number of samples.
    """
    present, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    recalls = np.bincount(index, weights=hits, minlength=len(present)) / np.maximum(counts, 1)
    kept = np.ones(len(present), dtype=bool) if classes is None else np.isin(present, list(classes))
    return present[kept], recalls[kept], counts[kept]


def class_mean_recall(
    hits: np.ndarray, labels: np.ndarray, classes: Collection[int] | None = None
) -> float | None:
    """Mean over classes of the recall of each; classes without a sample are left out (RULSTM's topk_recall).

    With k = 1 this is the mean class accuracy that papers report on EGTEA; with ``classes`` the many-shot
    classes and k = 5, MS-Rec@5. Hits are counted among all C classes whatever ``classes`` is.
    """
    recalls = class_recalls(hits, labels, classes)[1]
    return float(recalls.mean()) if len(recalls) else None


def many_shot_actions(space: ClassSpace, meaning: str) -> tuple[int, ...]:
    """The many-shot actions: ``and`` the published list (verb and noun many-shot, seen in training); ``or``
    those whose verb or noun is many-shot (the code of RULSTM and AVT). Empty where the dataset has no lists.
    """
    if meaning == "and":
        return space.many_shot_action
    verbs, nouns = set(space.many_shot_verb), set(space.many_shot_noun)
    return tuple(
        i
        for i, (verb, noun) in enumerate(zip(space.action_verb, space.action_noun))
        if verb in verbs or noun in nouns
    )


def tail_actions(space: ClassSpace) -> tuple[int, ...]:
    """The tail actions: those whose verb or noun is a tail class (EPIC-KITCHENS-100). Empty where the dataset
    has no lists.
    """
    verbs, nouns = set(space.tail_verb), set(space.tail_noun)
    return tuple(
        i
        for i, (verb, noun) in enumerate(zip(space.action_verb, space.action_noun))
        if verb in verbs or noun in nouns
    )


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
