"""Measure a model's cached scores: every metric of every head that they answer."""

from __future__ import annotations

from foretaste.contracts.classes import read_classes
from foretaste.evaluation.measuring import evaluate
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step


def run(step: Step) -> None:
    """Write ``metrics``."""
    config, classes = step.config, read_classes(step.inputs["classes"])
    metrics = evaluate(step.inputs["scores"], step.inputs["samples"], config["split"], classes)
    metrics |= {name: config[name] for name in ("dataset", "task", "system", "seed", "model")}
    # What is in the scores counts: what was fitted is known only there, by the names that parts have there.
    found = metrics["protocol"]
    if isinstance(weights := found["ensemble_weights"], dict):
        found["ensemble_weights"] = {model: weights[part] for model, part in config["parts"].items()}
    metrics["protocol"] = {
        name: found[name] if value == "fitted" else value for name, value in config["protocol"].items()
    }
    artifact.write_json(step.outputs["metrics"], metrics)
    head = next(head for head in classes.heads if head in metrics)
    shown = (f"{name} {value:.1f}" for name, value in metrics[head].items() if value is not None)
    console.say(
        f"{config['model']}, {metrics['samples']} samples of {config['split']}, {head}: {', '.join(shown)}"
    )
