"""Train a backbone to recognise the action that is going on, on the training videos; its features are what
students read.

metrics.json says how well it recognises frames of the evaluated videos, beside the share of the commonest
training class.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import torch
from torch import Tensor

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import SEGMENTS, VIDEOS, of_modality, read_table
from foretaste.contracts.view import Sources
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.settings import families
from foretaste.settings.config import validated
from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training.checkpoint import save_model
from foretaste.training.loop import fit
from foretaste.training.material import folders_of
from foretaste.training.objective import build_objective
from foretaste.training.processes import accelerator, together
from foretaste.training.samples import Loader, Samples, class_counts, own_rows
from foretaste.training.scoring import score
from foretaste.training.targets import no_targets
from foretaste.training.trackers import tracked

#: Backbones lie outside the seeds of a study: there is one of each, and every student reads the same
#: features.
SEED = 0


@together()
def run(step: Step) -> None:
    """``segments``, ``videos``, ``classes`` -> ``checkpoint``, ``metrics``, ``log``."""
    settings = step.config["model"]
    training = validated(LoopConfig, settings["training"], "training")
    terms = [validated(TermConfig, term, "objective") for term in settings["objective"]]
    classes, evaluated = read_classes(step.inputs["classes"]), step.config["evaluated"]
    samples = {split: _frames(step, classes, split) for split in ("training", evaluated)}
    torch.manual_seed(SEED)
    published = {name: step.inputs.get(name) for name in ("pretrained", "weights")}
    sources = Sources(classes=classes, **published)
    model = families.build("models", settings["network"], "network", sources=sources)
    loaders = {"training": Loader(samples=samples["training"], batch=training.batch, seed=SEED)}
    objective = build_objective(terms, class_counts(samples["training"]))
    fit(model, no_targets, objective, loaders, training, step.scratch, tracked(step.config))
    found = score(model, samples[evaluated])
    if not accelerator().is_main_process:
        return
    metrics = {
        head: _recognition(logits, samples["training"].labels[head], samples[evaluated].labels[head])
        for head, logits in found.logits.items()
    }
    for head, numbers in metrics.items():
        console.say(
            f"{evaluated} frames: {head} top-1 {numbers['top1']:.1f} % (commonest class"
            f" {numbers['commonest']:.1f} %)"
        )
    with artifact.whole(step.outputs["checkpoint"]) as partial:
        facts = {"view": settings["view"], "seed": SEED}
        save_model(partial, model, settings["network"], classes, facts)
    with artifact.whole(step.outputs["log"]) as partial:
        partial.write_bytes((step.scratch / "log.jsonl").read_bytes())
    artifact.write_json(
        step.outputs["metrics"],
        {"format": 1, "split": evaluated, "frames": len(samples[evaluated]), **metrics},
    )


def _frames(step: Step, classes: ClassSpace, split: str) -> Samples:
    segments = read_table(step.inputs["segments"], SEGMENTS)
    videos = read_table(step.inputs["videos"], VIDEOS)
    # Videos that are not in the table were skipped by name (on_bad_input), or the run would have stopped.
    known = of_modality(videos, RGB)["video_id"].combine_chunks()
    seen = pc.is_in(segments["video_id"], value_set=known)
    sources = Sources(
        segments=segments.filter(pc.and_(pc.equal(segments["split"], split), seen)),
        videos=videos,
        classes=classes,
        video_folders=folders_of(step.config),
    )
    view = families.build("views", step.config["model"]["view"], "view", sources=sources)
    samples = own_rows(view, view.ids)
    return Samples(
        view=view,
        rows=samples.rows,
        ids=samples.ids,
        labels={head: torch.from_numpy(labels) for head, labels in view.labels.items()},
    )


def _recognition(logits: np.ndarray, training: Tensor, truth: Tensor) -> dict[str, float]:
    """Top-1 in per cent over the frames whose class id ``truth`` (n,) is known, and what always saying the
    commonest training class would give.
    """
    labels = truth.numpy()
    known = labels != UNLABELLED
    commonest = int(torch.bincount(training[training != UNLABELLED]).argmax())
    right, usual = logits.argmax(1) == labels, labels == commonest
    return {"top1": float(100 * right[known].mean()), "commonest": float(100 * usual[known].mean())}
