"""Pretrain a language model on recipes: hidden words of phrases in discourse order, by the one training loop.

The checkpoint is a Hugging Face folder (config.json, model.safetensors with the masked-word head, the tokenizer's files), so
that it can start another training; manifest.json in it lists the weights that were newly initialised and those left unused.
Perplexity and the hits on hidden verbs and objects are measured on recipes of the partition val, before and after.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from foretaste.contracts.tables import PHRASES, read_table
from foretaste.contracts.view import Sources
from foretaste.evaluation.masked_words import perplexity, words_found
from foretaste.pipeline import artifact, console, families
from foretaste.pipeline.config import LmConfig, validated
from foretaste.pipeline.step import Step
from foretaste.text.tokenizer import copy, locate
from foretaste.training.loop import fit
from foretaste.training.objective import build_objective
from foretaste.training.precision import forward, place
from foretaste.training.samples import Loader, own_rows
from foretaste.training.targets import no_targets

#: Language models lie outside the seeds of a study: there is one of each.
SEED = 0
#: Windows of the held-out recipes that are measured, evenly spaced: the first 1,000 say enough.
HELD_OUT = 1000


def run(step: Step) -> None:
    """Write ``checkpoint`` and ``metrics``."""
    config = validated(LmConfig, step.config, "lms")
    folder = locate(config.init)
    sources = Sources(phrases=read_table(step.inputs["phrases"], PHRASES), pretrained=folder)
    torch.manual_seed(SEED)
    model = families.build("models", config.network, "network", sources=sources)
    view = families.build("views", config.view, "view", sources=sources)
    loader = Loader(samples=own_rows(view, view.ids), batch=config.training.batch, seed=SEED, buckets=config.training.buckets)
    console.say(f"{len(view)} sequences; newly initialised: {', '.join(model.lm.loading.newly_initialised) or 'nothing'}")
    before = _measure(model, config, sources)
    fit(model, no_targets, build_objective(config.objective), {"training": loader}, config.training, step.scratch)
    after = _measure(model, config, sources)
    console.say(f"held-out perplexity {before['perplexity']:.1f} -> {after['perplexity']:.1f}")
    with artifact.whole(step.outputs["checkpoint"]) as partial:
        model.cpu().lm.save(partial)
        copy(folder, partial)
    loading = model.lm.loading
    metrics = {"format": 1, "partition": "val", "sequences": len(view), "before": before, "after": after}
    metrics |= {"newly_initialised": loading.newly_initialised, "unused": loading.unused}
    artifact.write_json(step.outputs["metrics"], metrics)


def _measure(model: nn.Module, config: LmConfig, sources: Sources) -> dict[str, Any]:
    """Perplexity over hidden words, and per cent of hidden verbs and objects among the first five, on recipes of ``val``."""
    values, device = {}, next(model.parameters()).device
    model.eval()
    for name, mask in (("perplexity", "words"), ("verb_top5", "verb"), ("object_top5", "object")):
        view = families.build("views", {**config.view, "partition": "val", "mask": mask}, "view", sources=sources)
        rows = np.unique(np.linspace(0, len(view) - 1, min(HELD_OUT, len(view))).astype(np.int64))
        loader = Loader(samples=own_rows(view, view.ids, rows), batch=config.training.batch)
        batches = (place(batch, device, config.training.precision) for _, batch in loader.in_order())
        with torch.inference_mode():
            measure = perplexity if mask == "words" else words_found
            values[name] = measure(lambda batch: forward(model, batch, config.training.precision), batches)
    return values
