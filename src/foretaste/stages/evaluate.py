"""Measure a model's cached scores: top-k accuracy, class-mean recall, many-shot recall in both meanings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.protocols import measure, report, rows_of, targets
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.scores.exchange import read_split


def run(step: Step) -> None:
    """Write ``metrics``."""
    config = step.config
    classes = read_classes(step.inputs["classes"])
    metrics = evaluate(step.inputs["scores"], step.inputs["samples"], config["split"], config["protocol"], config, classes)
    artifact.write_json(step.outputs["metrics"], metrics)
    shown = (f"{name} {value:.1f}" for name, value in metrics["action"].items() if value is not None)
    console.say(f"{config['model']}, {metrics['samples']} samples of {config['split']}: {', '.join(shown)}")


def evaluate(
    scores: Path, samples: Path, split: str, protocol: dict[str, Any], names: dict[str, Any], classes: ClassSpace | None = None
) -> dict[str, Any]:
    """The content of ``metrics.json`` for a score cache (folder) or an archive (``F.npz``).

    classes
        The dataset's label space; raises DataError where the scores have another one.
    """
    wanted = targets(read_table(samples, SAMPLES), split)
    scored = read_split(scores, split)
    if classes is not None and scored.classes != classes:
        raise DataError("scores of another label space", scores, "the classes of this dataset", "score again on this dataset")
    if "action" not in scored.logits:
        raise DataError(f"scores of {', '.join(scored.logits)} only", scores, "action logits", "score a model with an action head")
    logits = scored.logits["action"][rows_of(wanted.sample_ids, scored.sample_ids, scores)]
    return report(measure(logits, wanted, scored.classes), len(wanted), split, protocol, names)
