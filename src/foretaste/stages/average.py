"""Make a model that is the mean of others' scores, its class prior divided out where the preset says so.

Weights and the exponent of the prior are fixed, or fitted on training rows that no part of the mean was
trained on: the split `held_out` of models with `held_out`, or all training rows of models with `folds`.
Weights `per_sample` are of each training row by its label, whoever was trained on it; other splits have
labels that nobody may use, so there the mean is the plain one, and the log and the protocol say so.
Where the parts were given a share of the labels, weights and prior know no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.contracts.classes import read_classes
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.averaging import TRAINING, Weights, kind_of_weights, settle, shares_in
from foretaste.evaluation.protocols import targets
from foretaste.pipeline import artifact
from foretaste.pipeline.fingerprint import fingerprint
from foretaste.pipeline.step import Step
from foretaste.scores.average import joint_context, joint_terms, joint_trained_on, joint_views, write_mean
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.writer import ScoreWriter
from foretaste.training.partly_labelled import segments_told, telling


def run(step: Step) -> None:
    """Write ``scores``."""
    config, space = step.config, step.config["space"]
    classes, samples = read_classes(step.inputs["classes"]), read_table(step.inputs["samples"], SAMPLES)
    if "labels" in config:
        samples = telling(samples, segments_told(samples, config["labels"]))
    sources = [open_scores(path) for path in step.inputs["scores"]]
    weights, exponent, fitted_on = settle(config, sources, classes, samples)
    counts = targets(samples, TRAINING).occurrences(classes)
    record = {
        "weights": _identities(config["parts"], sources),
        "network": {
            "average": list(config["average"]),
            "weights": weights,
            "space": space,
            "prior_exponent": exponent,
            **({"labels": config["labels"]} if "labels" in config else {}),
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
        "ensemble_weights": _by_model(config["average"], weights) if told == "fitted" else told,
    }
    with artifact.whole(step.outputs["scores"]) as folder:
        writer = ScoreWriter(
            folder,
            record=record,
            classes=classes,
            trained_on=_trained_on(config, sources),
            facts={"protocol": protocol, "data": joint_terms(sources)},
        )
        for split in sources[0].splits:
            if all(split in source.splits for source in sources):
                for view in joint_views(sources, split):
                    shares = shares_in(split, view, config, weights, sources, samples)
                    write_mean(writer, sources, split, space, counts, exponent, shares, view)
        writer.finish()


def _trained_on(config: Mapping[str, Any], sources: Sequence[Scores]) -> list[str] | None:
    """The splits whose labels some part, or the weights, know."""
    splits = joint_trained_on(sources)
    if splits is None or kind_of_weights(config) != "per_sample":
        return splits
    return sorted({*splits, TRAINING})


def _by_model(models: Sequence[str], weights: Weights) -> dict[str, Any]:
    """What was fitted, by model: a number, or one a head."""
    if isinstance(weights, Mapping):
        columns = zip(*weights.values(), strict=True)
        return {model: dict(zip(weights, own)) for model, own in zip(models, columns, strict=True)}
    return dict(zip(models, weights, strict=True))


def _identities(parts: Sequence[str], sources: Sequence[Scores]) -> dict[str, str]:
    """Identity of the scores of each part; of several seeds of a model the second and later are numbered."""
    found: dict[str, str] = {}
    for index, (part, source) in enumerate(zip(parts, sources, strict=True)):
        found[f"{part}.{index}" if part in found else part] = source.identity
    return found
