"""Train one model of a preset: a teacher or a student, by the loop or by counting.

Reads the samples and what the model's view and objective mention; writes the checkpoint, the training's log
and the resolved settings. A training that is killed goes on from its last checkpoint. With `folds: k` the
checkpoint also holds k models, each trained without the videos that it will score; with `held_out: k` one
such model.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import nn

from foretaste.contracts.view import Sources
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.settings import families
from foretaste.settings.config import validated
from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training.checkpoint import save_model
from foretaste.training.counting import count
from foretaste.training.crossfit import siblings
from foretaste.training.live import open_live
from foretaste.training.loop import fit
from foretaste.training.material import (
    build_view,
    given_labels,
    monitored_rows,
    of_labelled_splits,
    read_sources,
    trained_rows,
)
from foretaste.training.objective import build_objective
from foretaste.training.processes import accelerator, together
from foretaste.training.samples import Loader, Samples, class_counts, join
from foretaste.training.target_checks import target_warnings
from foretaste.training.targets import LiveTargets, open_targets
from foretaste.training.trackers import tracked

#: Of the settings, those that say where something is; they are no part of what the model is.
PLACES = ("video_folders", "trackers")

#: The scratch of the model itself, beside those of its siblings.
WHOLE = "whole"


@together()
def run(step: Step) -> None:
    """``samples``, ``segments``, ``classes`` and what the model needs -> ``checkpoint``, ``log``,
    ``config``.
    """
    settings, seed = step.config["model"], step.config["seed"]
    sources = given_labels(of_labelled_splits(read_sources(step.inputs, step.config)), settings)
    view = build_view(settings["view"], sources)
    rows = trained_rows(sources.samples, settings["objective"])
    videos = np.asarray(sources.samples["video_id"].take(rows).to_pylist(), dtype=str)
    beside = siblings(videos.tolist(), settings["folds"], settings["held_out"], seed)
    trained_on = [] if settings["training"].get("source") == "recipe_truth" else ["training"]
    facts = {
        "view": settings["view"],
        "seed": seed,
        "training": settings["training"],
        "trained_on": trained_on,
    }
    main = accelerator().is_main_process
    with artifact.whole(step.outputs["checkpoint"]) if main else nullcontext() as folder:
        for name, without in {"": rows < 0, **beside}.items():
            console.say(f"{name or 'model'}: {(~without).sum()} training samples")
            model = _train(
                step, sources, join(view, sources.samples, rows[~without]), step.scratch / (name or WHOLE)
            )
            if main:
                kept = {**facts, "without": np.unique(videos[without]).tolist()}
                save_model(folder / name, model, settings["network"], sources.classes, kept)
    if main:
        with artifact.whole(step.outputs["log"]) as partial:
            partial.write_bytes((step.scratch / WHOLE / "log.jsonl").read_bytes())
        with artifact.whole(step.outputs["config"]) as partial:
            resolved = {name: value for name, value in step.config.items() if name not in PLACES}
            partial.write_text(yaml.safe_dump(resolved, sort_keys=True, allow_unicode=True), encoding="utf-8")


def _train(step: Step, sources: Sources, samples: Samples, scratch: Path) -> nn.Module:
    settings, seed = step.config["model"], step.config["seed"]
    live = open_live(step.inputs, step.config)
    torch.manual_seed(seed)
    model = families.build("models", settings["network"], "network", sources=sources)
    if settings["training"]["kind"] == "counting":
        scratch.mkdir(parents=True, exist_ok=True)
        (scratch / "log.jsonl").write_bytes(b"")  # counting takes no steps
        count(model, samples, step.inputs.get("recipe_truth"), sources.classes)
        return model
    config = validated(LoopConfig, settings["training"], "training")
    terms = [validated(TermConfig, term, "objective") for term in settings["objective"]]
    objective = build_objective(terms, class_counts(samples))
    scores = {
        name.removeprefix("scores_"): path for name, path in step.inputs.items() if name.startswith("scores_")
    }
    if accelerator().is_main_process:
        for line in target_warnings(scores, terms, sources.samples, step.config["evaluated"]):
            console.say(f"warning: {line}")
    speaking = {teacher: one.model for teacher, one in live.items()}
    means = step.config.get("means")
    looks, by_look = settings.get("looks", 0), step.config.get("by_look", ())
    asked = LiveTargets(speaking, accelerator().device, config.precision, means) if live else None
    targets = open_targets(scores, objective, "training", samples.ids, sources.classes, asked, looks, by_look)
    shown = replace(samples, beside={teacher: one.view for teacher, one in live.items()})
    ordered = {"seed": seed, "buckets": config.buckets, "looks": looks}
    loaders = {"training": Loader(samples=shown, batch=config.batch, **ordered)}
    evaluated = step.config["evaluated"]
    if len(held_out := monitored_rows(sources.samples, evaluated)):
        loaders[evaluated] = Loader(samples=join(samples.view, sources.samples, held_out), batch=config.batch)
    # Of a model with siblings only the model itself is shown, as in its log.
    shown_to = tracked(step.config) if scratch.name == WHOLE else None
    fit(model, targets, objective, loaders, config, scratch, shown_to)
    return model
