"""The weights of an average and the exponent of its class prior, as its settings ask for them: given, or
fitted on training rows that no part of the mean was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import Targets, targets
from foretaste.pipeline import console
from foretaste.scores.average import fit_exponent, fit_weights, joint_heads, joint_ids
from foretaste.scores.format import HELD_OUT, UNSEEN
from foretaste.scores.mean import log_softmax, mean_logits
from foretaste.scores.reader import Scores
from foretaste.scores.softmin import cross_entropies, held_out_shares, per_sample_shares

TRAINING = "training"

#: As they are recorded. One number a model, of all heads or by head; the settings of ``per_sample``; None:
#: equal.
Weights = list[float] | Mapping[str, Any] | None


def settle(
    config: Mapping[str, Any], sources: Sequence[Scores], classes: ClassSpace, samples: pa.Table
) -> tuple[Weights, float, str | None]:
    """The weights, the exponent of the prior, and on which rows they were fitted, if any was."""
    weights, exponent = config["weights"], config["prior_exponent"]
    weights = None if weights == "equal" else weights
    by_error = kind_of_weights(config) == "held_out"
    if "fitted" not in (weights, exponent) and not by_error:
        return weights, exponent, None
    what = [f"{name}: fitted" for name in ("weights", "prior_exponent") if config[name] == "fitted"]
    if by_error:
        weights, what = _held_out_weights(config, sources, samples), ["weights: held_out", *what]
    wanted, logits, fitted_on = unseen_rows(sources, samples, classes.main, what[0])
    if weights == "fitted":
        truth = wanted.labels[classes.main]
        weights = fitted_weights(config["average"], config["parts"], logits, truth)
        console.say(
            f"weights {dict(zip(config['average'], weights, strict=True))}, by the likelihood of"
            f" {len(wanted)} {fitted_on}"
        )
    if exponent == "fitted":
        mean = mean_logits(logits, config["space"], _of_sources(config, weights, classes.main))
        # What the models behind these scores could count: with `held_out` not these rows themselves.
        rows = targets(samples, TRAINING)
        if len(wanted) < len(rows):
            rows = rows.among(set(rows.sample_ids) - set(wanted.sample_ids))
        exponent = fitted_exponent(
            mean, wanted, rows.occurrences(classes)[classes.main], classes, config["primary_metric"]
        )
        console.say(
            f"class prior to the power {exponent}, by {config['primary_metric']} on {len(wanted)} {fitted_on}"
        )
    return weights, exponent, fitted_on


def unseen_rows(
    sources: Sequence[Scores], samples: pa.Table, head: str, what: str
) -> tuple[Targets, list[np.ndarray], str]:
    """Labelled training rows, the logits of every source for them in a head (n, C), each by a model that
    never saw the row's video, and what rows they are.

    Raises DataError, naming ``what`` is to be fitted, for a source that has no such scores.
    """
    training = targets(samples, TRAINING)
    held = [source for source in sources if HELD_OUT in source.splits]
    ids = joint_ids(held, HELD_OUT) if held else training.sample_ids
    wanted = training.among(ids)
    if not len(wanted):
        raise DataError(
            f"{what} on no row: of {len(ids)} held-out training rows none has a label that is given",
            held[0].folder if held else "samples",
            "labels of some of them",
            "hold out more, give a larger share of the labels, or give a number",
        )
    logits = []
    for source in sources:
        split = HELD_OUT if HELD_OUT in source.splits else TRAINING
        how = source.scored(split) if split in source.splits else "in-sample"
        if how not in UNSEEN:
            raise DataError(
                f"{what} on {how} scores",
                source.folder,
                "scores of training rows by a model that never saw their videos",
                "set held_out or folds for this model, or give a number",
            )
        logits.append(source.logits(split, head, wanted.sample_ids))
    if not held:
        joint_ids(sources, TRAINING)
    return wanted, logits, "held-out training rows" if held else "out-of-fold training rows"


def fitted_weights(
    names: Sequence[str], parts: Sequence[str], logits: Sequence[np.ndarray], truth: np.ndarray
) -> list[float]:
    """The weight of each of ``names``, to three digits, by the class ids ``truth`` (n,); ``parts`` says whose
    each of ``logits`` is (several seeds share alike).
    """
    each = [np.exp(np.take_along_axis(log_softmax(one), truth[:, None], axis=1))[:, 0] for one in logits]
    own = [
        np.mean([one for one, part in zip(each, parts, strict=True) if part == name], axis=0)
        for name in names
    ]
    return [round(float(share), 3) for share in fit_weights(np.stack(own))]


def fitted_exponent(
    logits: np.ndarray, wanted: Targets, counts: np.ndarray, classes: ClassSpace, metric: str
) -> float:
    """The exponent that is best by ``metric`` on (n, C) logits of ``wanted``; ``counts`` (C,) make the
    prior. DataError where the metric counts none of these rows, and so knows no best.
    """
    main = classes.main

    def value(changed: np.ndarray) -> float:
        found = measure({main: changed}, wanted, classes)[main][metric]
        if found is None:
            raise DataError(
                f"prior_exponent: fitted by {metric}, which counts none of {len(wanted)} training rows",
                "average",
                "a primary metric of rows that training has, too",
                "give prior_exponent a number",
            )
        return found

    return fit_exponent(logits, counts, value)


def _held_out_weights(
    config: Mapping[str, Any], sources: Sequence[Scores], samples: pa.Table
) -> dict[str, list[float]]:
    """head -> the weight of each model, to six digits."""
    found = {}
    for head in joint_heads(sources):
        wanted, logits, fitted_on = unseen_rows(sources, samples, head, "weights: held_out")
        errors = _errors(config, logits, _truth(wanted, head))
        shares = held_out_shares(errors, config["weights"]["gamma"])
        found[head] = [round(float(share), 6) for share in shares]
        said = dict(zip(config["average"], found[head], strict=True))
        console.say(f"weights of {head} {said}, by the cross-entropy of {len(wanted)} {fitted_on}")
    return found


def shares_in(
    split: str,
    view: str,
    config: Mapping[str, Any],
    weights: Weights,
    sources: Sequence[Scores],
    samples: pa.Table,
) -> dict[str, np.ndarray] | None:
    """head -> the weight of each source (m,) in a view of a split, or of each row and source (n, m); None:
    equal.
    """
    heads = joint_heads(sources)
    if kind_of_weights(config) != "per_sample":
        return None if weights is None else {head: _of_sources(config, weights, head) for head in heads}
    if split != TRAINING:
        console.say(f"{split}: equal weights; per-sample ones are by the label, and of training rows alone")
        return None
    ids = joint_ids(sources, split)
    wanted = targets(samples, TRAINING)
    place = {sample: row for row, sample in enumerate(wanted.sample_ids)}
    if unlabelled := [sample for sample in ids if sample not in place]:
        raise DataError(
            f"weights: per_sample of {len(unlabelled)} samples without a label, e.g. {unlabelled[0]}",
            sources[0].folder,
            f"labels of all samples of {split}",
            "choose other weights, or score labelled samples",
        )
    rows = [place[sample] for sample in ids]
    found = {}
    for head in heads:
        logits = [source.logits(split, head, ids, view) for source in sources]
        errors = _errors(config, logits, _truth(wanted, head)[rows])
        shares = per_sample_shares(errors, weights["gamma"])
        found[head] = shares[:, _model_of(config)]
    return found


def _errors(config: Mapping[str, Any], logits: Sequence[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """(m, n) cross-entropy of each model, the mean over its seeds."""
    each, model_of = cross_entropies(logits, truth), np.array(_model_of(config))
    return np.stack([each[model_of == model].mean(axis=0) for model in range(len(config["average"]))])


def _truth(wanted: Targets, head: str) -> np.ndarray:
    if head not in wanted.labels:
        raise DataError(
            f"weights by the labels of {head}, which has none",
            "samples",
            f"labels of {', '.join(wanted.labels)}",
            "choose other weights",
        )
    return wanted.labels[head]


def _of_sources(config: Mapping[str, Any], weights: Weights, head: str) -> np.ndarray | None:
    """The weight of each source: its model's, which its seeds share (all models have equally many)."""
    if weights is None:
        return None
    of_model = weights[head] if isinstance(weights, Mapping) else weights
    return np.array([of_model[model] for model in _model_of(config)])


def kind_of_weights(config: Mapping[str, Any]) -> str:
    """What the weights are asked to be: ``given`` as numbers, or by a name."""
    asked = config["weights"]
    named = asked["kind"] if isinstance(asked, Mapping) else asked
    return named if isinstance(named, str) else "given"


def _model_of(config: Mapping[str, Any]) -> list[int]:
    """Of each source the place of its model."""
    return [config["average"].index(part) for part in config["parts"]]
