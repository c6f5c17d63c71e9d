"""The mean of several models' scores, equal or weighted, and the correction for the class prior.

Averages are formed from full logits: means of top-50 lists are off by 0.4 nats at temperature 4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.scores.format import NO_FOLD, ONE_VIEW, differences
from foretaste.scores.mean import Space, mean_logits
from foretaste.scores.reader import Scores
from foretaste.scores.writer import ScoreWriter

#: Which past segments, and how many, each part of an average may choose for itself; the rule and the window
#: are the same for all.
OWN = ("history_from", "history_length")

#: Exponents that a fit may choose from.
GRID = tuple(round(0.1 * step, 1) for step in range(11))


def fit_weights(likelihoods: np.ndarray) -> np.ndarray:
    """(m,) shares of m models, summing to 1, with the highest likelihood of the truth under the mixture of
    their probabilities.

    likelihoods
        (m, n) probability that each model gives to the label of each row.

    The log-likelihood is concave in the shares; expectation maximisation climbs it from equal ones (Dempster,
    Laird, Rubin 1977).
    """
    likelihoods = np.maximum(likelihoods, np.finfo(np.float64).tiny)
    shares = np.full(len(likelihoods), 1 / len(likelihoods))
    for _ in range(10_000):
        joint = shares[:, None] * likelihoods
        following = (joint / joint.sum(axis=0)).mean(axis=1)
        if np.abs(following - shares).max() < 1e-9:
            break
        shares = following
    return following


def divide_by_prior(logits: np.ndarray, counts: np.ndarray, exponent: float) -> np.ndarray:
    """(n, C) logits of probabilities divided by (class frequency)^exponent (Menon et al. 2021, logit
    adjustment).

    counts
        (C,) occurrences in the training rows; a class that never occurs counts as if it had occurred once.
    """
    return logits - exponent * np.log(np.maximum(counts, 1) / max(int(counts.sum()), 1))


def fit_exponent(logits: np.ndarray, counts: np.ndarray, metric: Callable[[np.ndarray], float]) -> float:
    """The exponent of ``GRID`` with the highest ``metric`` (the smallest of equals) on (n, C) logits of
    held-out training rows.
    """
    return max(GRID, key=lambda exponent: (metric(divide_by_prior(logits, counts, exponent)), -exponent))


def joint_views(sources: Sequence[Scores], split: str) -> tuple[str, ...]:
    """The views of a split that all sources hold, in the first one's order; DataError where there is none."""
    each = [source.views(split) for source in sources]
    joint = tuple(view for view in each[0] if all(view in views for views in each))
    if not joint:
        raise DataError(
            f"no view of split {split} in common",
            ", ".join(str(source.folder) for source in sources),
            "scores of the same views",
            "score all of them alike",
        )
    return joint


def joint_ids(sources: Sequence[Scores], split: str) -> tuple[str, ...]:
    """The samples of a split, in the first source's order; raises DataError where another source has other
    samples, classes or context.
    """
    first = sources[0]
    ids = first.sample_ids(split)
    for other in sources[1:]:
        strangers = sorted(set(ids).symmetric_difference(other.sample_ids(split)))
        if strangers:
            raise DataError(
                f"scores of other samples ({len(strangers)}, e.g. {strangers[0]})",
                other.folder,
                f"those of {first.folder}",
                "score both again",
            )
        for field, has, wants in differences(_common(other), _common(first)):
            raise DataError(
                f"scores differ in {field} ({has!r})",
                other.folder,
                f"{wants!r} as in {first.folder}",
                "score both alike",
            )
    return ids


def _common(source: Scores) -> dict[str, Any]:
    """What the parts of an average must have in common."""
    record = source.manifest["record"]
    context = record["context"] or {}
    return {
        "classes": record["classes"],
        "context": {key: value for key, value in context.items() if key not in OWN},
    }


def joint_heads(sources: Sequence[Scores]) -> list[str]:
    """The heads that all sources have, in the first one's order."""
    return [head for head in sources[0].heads if all(head in source.heads for source in sources)]


def joint_context(sources: Sequence[Scores]) -> dict[str, Any]:
    """The context of an average: that of its parts, and a list where they see different amounts of the
    past.
    """
    contexts = [source.manifest["record"]["context"] or {} for source in sources]
    joint = dict(contexts[0])
    for key in OWN:
        values = [value for context in contexts if key in context for value in _listed(context[key])]
        if values:
            distinct = list(dict.fromkeys(values))
            joint[key] = distinct[0] if len(distinct) == 1 else distinct
    return joint


def joint_trained_on(sources: Sequence[Scores]) -> list[str] | None:
    """The splits that some part of an average was trained on; None where of one part nobody said."""
    each = [source.manifest["trained_on"] for source in sources]
    return None if None in each else sorted({split for splits in each for split in splits})


def joint_terms(sources: Sequence[Scores]) -> dict[str, str | None]:
    """Licence and terms of an average's data: what its parts say, each once; None where none of them does."""
    given = [source.manifest["facts"].get("data") or {} for source in sources]
    joint: dict[str, str | None] = {}
    for name in ("licence", "terms"):
        said = dict.fromkeys(one.get(name) or "not stated" for one in given)
        joint[name] = None if list(said) == ["not stated"] else "; ".join(said)
    return joint


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def write_mean(
    writer: ScoreWriter, sources: Sequence[Scores], split: str, space: Space, counts: Mapping[str,
    np.ndarray], exponent: float = 0.0,
    weights: Mapping[str, Sequence[float] | np.ndarray] | None = None,
    view: str = ONE_VIEW,
) -> None:  # fmt: skip
    """Write one view of a split of the mean model: the heads that all sources have, each divided by its own
    class prior.

    weights
        head -> one a source, or one a sample and source (``mean_logits``); None: equal.
    counts
        head -> (C,) occurrences of each class in the training rows.
    """
    ids = joint_ids(sources, split)
    logits = {}
    for head in joint_heads(sources):
        own = None if weights is None else weights[head]
        mean = mean_logits([source.logits(split, head, ids, view) for source in sources], space, own)
        logits[head] = divide_by_prior(mean, counts[head], exponent)
    folds = np.stack([source.folds(split, ids, view) for source in sources], axis=1)
    given = [source.digests(split, ids, view) for source in sources]
    digests = [_digest(parts) for parts in zip(*given, folds.tolist(), strict=True)]
    # What a row's own weights know, its label, is a part of what it was made from.
    by_row = [own for own in (weights or {}).values() if np.ndim(own) == 2]
    if by_row:
        known = np.concatenate(by_row, axis=1)
        digests = [_shortened(old + row.tobytes()) for old, row in zip(digests, known, strict=True)]
    # A mean is out-of-fold only where all of its parts are, and its weights know no labels; which folds they
    # were is then in the digest.
    clean = (folds != NO_FOLD).all() and not by_row
    writer.write(split, ids, digests, logits, fold=folds[:, 0].tolist() if clean else NO_FOLD, view=view)


def _digest(parts: Sequence[Any]) -> bytes:
    *digests, folds = parts
    return _shortened(b"".join(digests) + repr(folds).encode())


def _shortened(made_from: bytes) -> bytes:
    return hashlib.sha256(made_from).digest()[:16]
