"""Score a trained model on every split (one that is shown annotations: on those with labels), and keep the
scores for students, metrics and other people.

With `folds` every training row is scored by the model that never saw its video, with `held_out` those of some
videos are, as a split of their own; with `calibrate` the logits of each head are divided by one temperature,
fitted on those rows, as far as the model was given their labels. With `test_views` the mean over several
views of a sample is kept, in all splits but training; with `kept_looks` also what the model says of training
samples under several looks. The manifest of the scores says how each split was scored. Feature maps that a
model is to keep (`maps`) lie in the folder of its scores.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.contracts.view import Sources, View
from foretaste.evaluation.window_audit import in_short
from foretaste.pipeline import artifact, console
from foretaste.pipeline.fingerprint import fingerprint
from foretaste.pipeline.step import Step
from foretaste.scores.format import NO_FOLD, ONE_VIEW
from foretaste.scores.writer import ScoreWriter
from foretaste.settings.hugging_face import TOKENIZER_FILES
from foretaste.training.crossfit import ScoredRows, Scoring, fit_temperatures, score_splits
from foretaste.training.fixed_views import fixed_views
from foretaste.training.keeping import MapKeeper
from foretaste.training.material import build_view, given_labels, read_sources, shown_to
from foretaste.training.processes import accelerator, together


@together()
def run(step: Step) -> None:
    """``checkpoint``, ``samples``, ``segments``, ``classes`` and what the view needs -> ``scores``."""
    settings = step.config["model"]
    everything = read_sources(step.inputs, step.config)
    sources = given_labels(shown_to(settings["view"], everything), settings)
    if left_out := everything.samples.num_rows - sources.samples.num_rows:
        console.say(
            f"{left_out} samples of splits without labels, which lack what the view shows: not scored"
        )
    view = build_view(settings["view"], sources)
    maps = step.scratch / "maps"
    keeper = MapKeeper(settings["maps"], maps) if settings.get("maps") else None
    several = settings.get("test_views")
    scoring = Scoring(
        folds=settings["folds"],
        held_out=bool(settings["held_out"]),
        test_views=fixed_views(several),
        space="logits" if several is None else several["space"],
        looks=settings.get("kept_looks", 0),
        keeper=keeper,
    )
    found, manifests = score_splits(step.inputs["checkpoint"], view, sources, scoring)
    temperatures = fit_temperatures(found) if settings["calibrate"] else {}
    for head, value in temperatures.items():
        console.say(f"{head}: temperature {value:.3f}")
    if not accelerator().is_main_process:
        return
    facts = {"protocol": step.config["protocol"], "temperatures": temperatures, "data": step.config["data"]}
    if step.config["protocol"]["tau_a"] is not None:
        facts["shown_before_s"] = _shown_before(view, sources, found)
    with artifact.whole(step.outputs["scores"]) as folder:
        if keeper is not None:
            facts["maps"] = keeper.finish()
            folder.mkdir()
            shutil.move(maps, folder / "maps")
        writer = ScoreWriter(
            folder,
            record=_record(step, sources, manifests, temperatures),
            classes=sources.classes,
            trained_on=manifests["whole"]["trained_on"],
            facts=facts,
        )
        for part in found:
            logits = {
                head: values / temperatures.get(head, 1.0) for head, values in part.scored.logits.items()
            }
            fold = NO_FOLD if part.fold is None else part.fold
            writer.write(
                part.split,
                part.scored.ids,
                part.scored.digests,
                logits,
                embedding=part.scored.embedding,
                fold=fold,
                view=part.view,
            )
        writer.finish()


def _shown_before(view: View, sources: Sources, found: Sequence[ScoredRows]) -> dict[str, Any]:
    """split -> how long before what is to be anticipated the newest thing lies that the model was shown."""
    starts_s = sources.samples["target_start_s"].to_numpy()
    before_s: dict[str, list[float]] = {}
    for part in (one for one in found if one.view == ONE_VIEW):
        rows = part.samples.rows.tolist()
        before_s.setdefault(part.split, []).extend(starts_s[row] - view.newest_s(row) for row in rows)
    return {split: in_short(np.array(values)) for split, values in before_s.items()}


def _samples(step: Step) -> str | list[str]:
    """sha256 of the table of samples; of all tables where the model takes others beside it."""
    digests = [artifact.sha256(path) for path in (step.inputs["samples"], *step.inputs.get("extra", ()))]
    return digests if len(digests) > 1 else digests[0]


def _record(
    step: Step, sources: Sources, manifests: dict[str, Any], temperatures: dict[str, float]
) -> dict[str, Any]:
    """What the scores depend on: the fields of the score format."""
    settings, folder = step.config["model"], sources.pretrained
    tokenizer = None
    if folder is not None:
        tokenizer = {
            name: artifact.sha256(folder / name) for name in TOKENIZER_FILES if (folder / name).is_file()
        }
    names = ("tau_a", "history_rule", "history_from", "history_length")
    return {
        "weights": {name: manifest["sha256"]["model.safetensors"] for name, manifest in manifests.items()},
        "network": settings["network"],
        "tokenizer": tokenizer,
        "view": settings["view"],
        "samples": _samples(step),
        "context": {name: step.config["protocol"][name] for name in names},
        "numerics": {
            "precision": "fp32",
            "temperatures": temperatures,
            "folds": settings["folds"],
            "held_out": settings["held_out"],
            "labels": settings.get("labels"),
            "test_views": settings.get("test_views"),
            "kept_looks": settings.get("kept_looks", 0),
        },
        "code": fingerprint(step.stage, step.config),
    }
