"""From a model's logits to what it says of every head that its scores answer.

A head that is made of others (an action of a verb and a noun) and its parts are answered together: by a model
with the whole, the parts are ranked by the sum of the probabilities of the wholes that have them; by a model
with all the parts alone, the wholes by the product of the probabilities of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.evaluation.metrics import marginal, softmax
from foretaste.evaluation.protocols import Targets, rows_of
from foretaste.scores.mean import log_softmax
from foretaste.scores.plain import SplitScores


@dataclass(frozen=True)
class HeadScores:
    """One head: ``ranked`` (n, C), the higher the better, and ``probabilities`` (n, C) float64 of the same
    order.
    """

    ranked: np.ndarray
    probabilities: np.ndarray


def head_logits(
    scored: SplitScores, wanted: Targets, classes: ClassSpace, where: object
) -> dict[str, np.ndarray]:
    """head -> (n, C) logits of ``wanted``, columns in the order of ``classes``: classes are matched by name,
    whatever their order. Heads that another one answers are left out.

    Raises DataError for scores without any head of the dataset, of other classes, not finite, or lacking a
    sample; and for labels that are no class.
    """
    answered = {part for head in classes.heads if head in scored.logits for part in classes.parts(head)}
    own = [head for head in classes.heads if head in scored.logits and head not in answered]
    if not own:
        raise DataError(
            f"scores of {', '.join(scored.logits)} only",
            where,
            f"logits of {', '.join(classes.heads)}",
            "score a model with a head of the dataset",
        )
    rows = rows_of(wanted.sample_ids, scored.sample_ids, where)
    logits = {head: _in_order(scored, head, classes, where)[rows] for head in own}
    for values in logits.values():
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            raise DataError(
                f"scores that are not finite, sample {wanted.sample_ids[bad[0]]!r}",
                where,
                "finite logits",
                "score again",
            )
    for head, labels in wanted.labels.items():
        count = len(classes.heads.get(head, ()))
        if labels.min() < 0 or labels.max() >= count:
            raise DataError(
                f"{head} labels {labels.min()} to {labels.max()}",
                "samples",
                f"0 to {count - 1}, the classes of {where}",
                "evaluate scores with the samples of their own dataset",
            )
    return logits


def _in_order(scored: SplitScores, head: str, classes: ClassSpace, where: object) -> np.ndarray:
    names, theirs = classes.names(head), scored.classes.names(head)
    if theirs == names:
        return scored.logits[head]
    column = {name: index for index, name in enumerate(theirs)}
    strangers = sorted(set(column).symmetric_difference(names))
    if strangers or len(column) != len(theirs):
        raise DataError(
            f"scores of other classes of {head} ({len(strangers)} differ, e.g. {strangers[:1]})",
            where,
            f"the {len(names)} of the dataset",
            "score on this dataset",
        )
    return scored.logits[head][:, [column[name] for name in names]]


def head_scores(logits: Mapping[str, np.ndarray], classes: ClassSpace) -> dict[str, HeadScores]:
    """What (n, C) logits by head say of each head that they answer, in the dataset's order."""
    found = {}
    for head, values in logits.items():
        found[head] = HeadScores(values, softmax(values))
    for head, parts in classes.composition.items():
        if head in logits:
            for part, ids in parts.items():
                summed = marginal(found[head].probabilities, ids, len(classes.names(part)))
                found[part] = HeadScores(summed, summed)
        elif all(part in logits for part in parts):
            joint = sum(log_softmax(logits[part])[:, list(ids)] for part, ids in parts.items())
            found[head] = HeadScores(joint, softmax(joint))
    return {head: found[head] for head in classes.heads if head in found}


def scores_of(
    head: str, scored: SplitScores, wanted: Targets, classes: ClassSpace, where: object
) -> np.ndarray:
    """(n, C) scores of a head, the higher the better; DataError where the model does not answer it."""
    found = head_scores(head_logits(scored, wanted, classes, where), classes)
    if head not in found:
        raise DataError(
            f"scores of {', '.join(scored.logits)}, which do not say {head}",
            where,
            f"logits of {head}, or of all that it is made of",
            "add the head to the model's classify",
        )
    return found[head].ranked
