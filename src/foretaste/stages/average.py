"""Make a model that is the mean of others' scores, its class prior divided out where the preset says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from foretaste.contracts.classes import HEADS, ClassSpace, read_classes
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.protocols import measure, rows_of, targets
from foretaste.pipeline import artifact, console
from foretaste.pipeline.fingerprint import fingerprint
from foretaste.pipeline.step import Step
from foretaste.scores.average import fit_exponent, joint_ids, mean_logits, write_mean
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.writer import ScoreWriter

TRAINING = "training"


def run(step: Step) -> None:
    """Write ``scores``."""
    config, space = step.config, step.config["space"]
    classes, samples = read_classes(step.inputs["classes"]), read_table(step.inputs["samples"], SAMPLES)
    sources = [open_scores(path) for path in step.inputs["scores"]]
    exponent = config["prior_exponent"]
    if exponent == "fitted":
        exponent = fitted(sources, space, classes, samples, config["primary_metric"])
        console.say(
            f"{step.wildcards['model']}: class prior to the power {exponent}, by {config['primary_metric']} on held-out training videos"
        )
    counts = class_counts(samples, classes)
    first = sources[0].manifest["record"]
    record = {
        "weights": {name: source.identity for name, source in zip(config["average"], sources, strict=True)},
        "network": {"average": list(config["average"]), "space": space, "prior_exponent": exponent},
        "tokenizer": None, "view": None, "samples": artifact.sha256(step.inputs["samples"]), "context": first["context"],
        "numerics": None, "code": fingerprint(step.stage, config),
    }  # fmt: skip
    facts = {"protocol": {**config["protocol"], "prior_exponent": exponent}}
    trained_on = sorted({split for source in sources for split in source.manifest["trained_on"]})
    with artifact.whole(step.outputs["scores"]) as folder:
        writer = ScoreWriter(folder, model=step.wildcards["model"], record=record, classes=classes, trained_on=trained_on, facts=facts)
        for split in sources[0].splits:
            if all(split in source.splits for source in sources):
                write_mean(writer, sources, split, space, counts, exponent)
        writer.finish()


def class_counts(samples: pa.Table, classes: ClassSpace) -> dict[str, np.ndarray]:
    """head -> (C,) how often each class is the label of a training sample."""
    labels = targets(samples, TRAINING).labels
    return {head: np.bincount(labels[head], minlength=len(classes.names(head))) for head in HEADS}


def fitted(sources: list[Scores], space: str, classes: ClassSpace, samples: pa.Table, metric: str) -> float:
    """The exponent that is best by ``metric`` on the training rows, each scored by models that never saw its video.

    Raises DataError for scores that a model gave to rows it was trained on.
    """
    for source in sources:
        if TRAINING not in source.splits or source.scored(TRAINING) != "out-of-fold":
            raise DataError(
                "prior_exponent: fitted on in-sample scores", Path(source.folder), "out-of-fold scores of the training split",
                "set folds for this model, or give the exponent as a number",
            )  # fmt: skip
    wanted = targets(samples, TRAINING)
    ids = joint_ids(sources, TRAINING)
    mean = mean_logits([source.logits(TRAINING, "action", ids) for source in sources], space)
    mean = mean[rows_of(wanted.sample_ids, ids, sources[0].folder)]
    return fit_exponent(
        mean, class_counts(samples, classes)["action"], lambda logits: measure(logits, wanted, classes)["action"][metric] or 0.0
    )
