"""Pretrain a language model on recipes: hidden words of phrases in discourse order, by the one training loop.

The checkpoint is a Hugging Face folder (config.json, model.safetensors with the masked-word head, the
tokenizer's files), so that it can start another training; manifest.json in it lists the weights that were
newly initialised and those left unused. Perplexity and the hits on hidden verbs and objects are measured on
recipes of the partition val, before and after. The phrases are read from disk, so a corpus may be larger than
memory.
"""

from __future__ import annotations

import torch

from foretaste.contracts.view import Sources
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.settings import families
from foretaste.settings.config import LmConfig, validated
from foretaste.text.phrase_store import Mapped, store
from foretaste.text.tokenizer import copy
from foretaste.training.loop import fit
from foretaste.training.masked_words import measure, measure_frequencies
from foretaste.training.objective import build_objective
from foretaste.training.processes import accelerator, together
from foretaste.training.samples import Loader, own_rows
from foretaste.training.targets import no_targets
from foretaste.training.trackers import tracked

#: Language models lie outside the seeds of a study: there is one of each.
SEED = 0


@together()
def run(step: Step) -> None:
    """``phrases``, ``lm`` and ``generator`` (replaced-token detection only) -> ``checkpoint`` and
    ``metrics``.
    """
    settings = {name: value for name, value in step.config.items() if name != "trackers"}
    config = validated(LmConfig, settings, "lms")
    folder, main = step.inputs["lm"], accelerator().is_main_process
    if main:
        store(step.inputs["phrases"], step.scratch / "phrases.arrow")
    accelerator().wait_for_everyone()
    phrases = Mapped(step.scratch / "phrases.arrow")
    sources = Sources(phrases=phrases, pretrained=folder, generator=step.inputs.get("generator"))
    torch.manual_seed(SEED)
    model = families.build("models", config.network, "network", sources=sources)
    view = families.build("views", config.view, "view", sources=sources)
    loader = Loader(
        samples=own_rows(view, view.ids),
        batch=config.training.batch,
        seed=SEED,
        buckets=config.training.buckets,
    )
    facts = model.facts()
    console.say(
        f"{len(view)} sequences; newly initialised: {', '.join(facts['newly_initialised']) or 'nothing'}"
    )
    before = measure(model, config, sources) if main else None
    fit(
        model,
        no_targets,
        build_objective(config.objective),
        {"training": loader},
        config.training,
        step.scratch,
        tracked(step.config),
    )
    if not main:
        return
    after = measure(model, config, sources)
    console.say(f"held-out perplexity {before['perplexity']:.1f} -> {after['perplexity']:.1f}")
    with artifact.whole(step.outputs["checkpoint"]) as partial:
        for saved in model.cpu().save(partial):
            copy(folder, saved)
    metrics = {"format": 1, "partition": "val", "sequences": len(view), "before": before, "after": after}
    metrics |= {"frequency_perplexity": measure_frequencies(config, sources), **facts}
    artifact.write_json(step.outputs["metrics"], metrics)
