"""Make a model that is the mean of others' scores, its class prior divided out where the preset says so.

Weights and the exponent of the prior are fixed, or fitted on training rows that no part of the mean was
trained on: the split `held_out` of models with `held_out`, or all training rows of models with `folds`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import Targets, targets
from foretaste.pipeline import artifact, console
from foretaste.pipeline.fingerprint import fingerprint
from foretaste.pipeline.step import Step
from foretaste.scores.average import (
    fit_exponent,
    fit_weights,
    joint_context,
    joint_ids,
    joint_terms,
    joint_trained_on,
    log_softmax,
    mean_logits,
    write_mean,
)
from foretaste.scores.format import HELD_OUT, UNSEEN
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.writer import ScoreWriter

TRAINING = "training"


def run(step: Step) -> None:
    """Write ``scores``."""
    config, space = step.config, step.config["space"]
    classes, samples = read_classes(step.inputs["classes"]), read_table(step.inputs["samples"], SAMPLES)
    sources = [open_scores(path) for path in step.inputs["scores"]]
    weights, exponent, fitted_on = _settle(config, sources, classes, samples)
    shares = _shares(config, weights)
    counts = targets(samples, TRAINING).occurrences(classes)
    record = {
        "weights": _identities(config["parts"], sources),
        "network": {
            "average": list(config["average"]),
            "weights": weights,
            "space": space,
            "prior_exponent": exponent,
        },
        "tokenizer": None,
        "view": None,
        "samples": artifact.sha256(step.inputs["samples"]),
        "context": joint_context(sources),
        "numerics": None,
        "code": fingerprint(step.stage, config),
    }
    told = config["protocol"].get("ensemble_weights")
    protocol = {
        **config["protocol"],
        "prior_exponent": exponent,
        "fitted_on": fitted_on,
        "ensemble_weights": dict(zip(config["average"], weights, strict=True)) if told == "fitted" else told,
    }
    with artifact.whole(step.outputs["scores"]) as folder:
        writer = ScoreWriter(
            folder,
            record=record,
            classes=classes,
            trained_on=joint_trained_on(sources),
            facts={"protocol": protocol, "data": joint_terms(sources)},
        )
        for split in sources[0].splits:
            if all(split in source.splits for source in sources):
                write_mean(writer, sources, split, space, counts, exponent, shares)
        writer.finish()


def _settle(
    config: Mapping[str, Any], sources: Sequence[Scores], classes: ClassSpace, samples: pa.Table
) -> tuple[list[float] | None, float, str | None]:
    """The weight of each model (None: equal), the exponent of the prior, and on which rows they were fitted,
    if any was.
    """
    weights, exponent = config["weights"], config["prior_exponent"]
    weights = None if weights == "equal" else weights
    if "fitted" not in (weights, exponent):
        return weights, exponent, None
    what = [f"{name}: fitted" for name in ("weights", "prior_exponent") if config[name] == "fitted"]
    wanted, logits, fitted_on = unseen_rows(sources, samples, classes.main, what[0])
    if weights == "fitted":
        truth = wanted.labels[classes.main]
        weights = fitted_weights(config["average"], config["parts"], logits, truth)
        console.say(
            f"weights {dict(zip(config['average'], weights, strict=True))}, by the likelihood of"
            f" {len(wanted)} {fitted_on}"
        )
    if exponent == "fitted":
        mean = mean_logits(logits, config["space"], _shares(config, weights))
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
    prior.
    """
    main = classes.main

    def value(changed: np.ndarray) -> float:
        return measure({main: changed}, wanted, classes)[main][metric] or 0.0

    return fit_exponent(logits, counts, value)


def _shares(config: Mapping[str, Any], weights: Sequence[float] | None) -> list[float] | None:
    """The weight of each source: its model's, which its seeds share (all models have equally many)."""
    if weights is None:
        return None
    return [dict(zip(config["average"], weights, strict=True))[part] for part in config["parts"]]


def _identities(parts: Sequence[str], sources: Sequence[Scores]) -> dict[str, str]:
    """Identity of the scores of each part; of several seeds of a model the second and later are numbered."""
    found: dict[str, str] = {}
    for index, (part, source) in enumerate(zip(parts, sources, strict=True)):
        found[f"{part}.{index}" if part in found else part] = source.identity
    return found
