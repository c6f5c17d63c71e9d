"""Time of training steps of the loop on a GPU, in fp32, TF32 and bf16, with the optimizer's update in one
kernel and in many.

    python bench/gpu.py [--steps 30] [--tiny] [--only student] [--out bench/results/gpu.json]

Three trainings with random weights and data: the published student (AVT-h, 2048 wide, 12 layers, on features
of irCSN-152, taught by a teacher's top 50 of 2,513 actions), a text teacher of MiniLM's size, and masked
language modelling of that size. Each runs through the one training loop, from fetching a batch to the update;
times are medians over steps, after the GPU has ended its work, without the first ones. The loop is broken off
before it would write a checkpoint. ``--tiny`` is for a machine without a GPU: it shows that the script runs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accelerate
import numpy as np
import pyarrow as pa
import tokenizers
import torch
import transformers
from torch import nn
from transformers import BertConfig, BertForMaskedLM

from foretaste.annotations.labels import verb_noun
from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.tables import PHRASES
from foretaste.contracts.view import Fetched, Look, Sources
from foretaste.settings import families
from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training import loop
from foretaste.training.objective import build_objective
from foretaste.training.processes import accelerator
from foretaste.training.samples import Loader, Samples, own_rows

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
CROSS_ENTROPY = {"kind": "cross_entropy"}
TOP_50 = {"kind": "topk_kl", "k": 50, "temperature": 5.0, "t_squared": True, "renormalise": "both"}


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What the three trainings are made of."""

    width: int = 2048
    layers: int = 12
    frames: int = 10
    features: int = 2048
    actions: int = 2513
    hidden: int = 384
    lm_layers: int = 6
    vocabulary: int = 30522
    tokens: int = 32
    student_batch: int = 32
    text_batch: int = 64
    mlm_batch: int = 256
    rows: int = 1024


TINY = Sizes(
    width=32, layers=1, features=24, actions=60, hidden=24, lm_layers=1, vocabulary=200, tokens=8,
    student_batch=4, text_batch=4, mlm_batch=4, rows=32
)  # fmt: skip


class Rows:
    """A view of random rows: features kept in half precision, as the feature store does, or tokens."""

    workers = 0

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.arrays = arrays

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def fetch(self, rows: Sequence[int], look: Look | None = None) -> Fetched:
        """The rows as the networks take them."""
        chosen = {name: torch.from_numpy(values[list(rows)]) for name, values in self.arrays.items()}
        return Fetched(inputs=chosen)

    def weights(self) -> None:
        """All rows are alike."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """One network with its samples; a step handles ``batch`` of them, each of ``tokens`` tokens (1: it has
    none).
    """

    what: str
    model: nn.Module
    samples: Samples
    terms: Sequence[dict[str, Any]]
    optimizer: dict[str, Any]
    batch: int
    tokens: int = 1
    teacher: torch.Tensor | None = None


def space(sizes: Sizes) -> ClassSpace:
    """As many actions as asked for, of ten verbs."""
    count = sizes.actions
    names = [[f"{head} {i}" for i in range(n)] for head, n in (("action", count), ("verb", 10))]
    nouns = [f"noun {i}" for i in range(count // 10 + 1)]
    return verb_noun(*names, nouns, [(i % 10, i // 10) for i in range(count)])


def labelled(view: Rows, sizes: Sizes) -> Samples:
    """Every row of a view with a random action, and its verb and noun."""
    action = np.random.default_rng(1).integers(0, sizes.actions, len(view))
    labels = {"action": action, "verb": action % 10, "noun": action // 10}
    ids = tuple(f"s{i}" for i in range(len(view)))
    return Samples(
        view=view,
        rows=np.arange(len(view)),
        ids=ids,
        labels={head: torch.from_numpy(found) for head, found in labels.items()},
    )


def student(sizes: Sizes, folder: Path) -> Training:
    """AVT-h as published for EPIC-55 on features that lie on disk, taught by a teacher."""
    random = np.random.default_rng(0)
    features = random.normal(size=(sizes.rows, sizes.frames, sizes.features)).astype(np.float16)
    network = {"kind": "avt", "width": sizes.width, "layers": sizes.layers, "heads": 8, "dropout": 0.8}
    model = families.build(
        "models", network, sources=Sources(classes=space(sizes), feature_width=sizes.features)
    )
    terms = [
        {"loss": CROSS_ENTROPY, "of": "action"},
        {
            "loss": {"kind": "feature_mse"},
            "of": "next_features",
            "to": "features",
            "weight": 2.0,
            "over": "all",
        },
        {"loss": TOP_50, "of": "action", "to": "teacher", "weight": 20.0, "reduction": "elements"},
    ]
    return Training(
        what=(
            f"AVT-h of {_millions(model)}, {sizes.width} wide, {sizes.layers} layers, {sizes.frames} features"
            f" of {sizes.features}, batch {sizes.student_batch}"
        ),
        model=model,
        samples=labelled(Rows({"features": features}), sizes),
        terms=terms,
        batch=sizes.student_batch,
        optimizer={"kind": "adam", "lr": 5.0e-6, "weight_decay": 1.0e-4},
        teacher=torch.randn(sizes.rows, sizes.actions),
    )


def text_teacher(sizes: Sizes, folder: Path) -> Training:
    """A language model that reads the past and has a classifier for each head."""
    ids = np.random.default_rng(0).integers(len(SPECIAL), sizes.vocabulary, (sizes.rows, sizes.tokens))
    model = families.build(
        "models",
        {"kind": "text_encoder", "pool": "mean"},
        sources=Sources(classes=space(sizes), pretrained=folder),
    )
    view = Rows({"input_ids": ids, "attention_mask": np.ones(ids.shape, dtype=bool)})
    return Training(
        what=f"BERT of {_millions(model)}, texts of {sizes.tokens} tokens, batch {sizes.text_batch}",
        model=model,
        samples=labelled(view, sizes),
        terms=[{"loss": CROSS_ENTROPY, "of": head} for head in ("action", "verb", "noun")],
        batch=sizes.text_batch,
        tokens=sizes.tokens,
        optimizer={"kind": "adamw", "lr": 1.5e-4},
    )


def masked_lm(sizes: Sizes, folder: Path) -> Training:
    """Hidden words of recipes of eight phrases, tokenized and hidden by the view while the training runs."""
    words = np.random.default_rng(0).integers(len(SPECIAL), sizes.vocabulary - 1, (sizes.rows * 8, 2))
    rows = [
        (f"r{i // 8}", "train", i % 8, f"w{a}", f"w{b}", f"w{a} w{b}")
        for i, (a, b) in enumerate(words.tolist())
    ]
    columns = [pa.array(column, type=field.type) for column, field in zip(zip(*rows), PHRASES.schema)]
    sources = Sources(phrases=pa.table(columns, schema=PHRASES.schema), pretrained=folder)
    view = families.build("views", {"kind": "masked_text", "mask": "words"}, sources=sources)
    model = families.build("models", {"kind": "masked_lm"}, sources=sources)
    length = len(view.tokenizer.ids(view.text(0)))
    return Training(
        what=(
            f"BERT of {_millions(model)} with its masked-word head, texts of {length} tokens, batch"
            f" {sizes.mlm_batch}"
        ),
        model=model,
        samples=own_rows(view, view.ids),
        terms=[{"loss": CROSS_ENTROPY, "of": "token"}],
        batch=sizes.mlm_batch,
        tokens=length,
        optimizer={"kind": "adamw", "lr": 2.0e-4},
    )


TRAININGS = {"student": student, "text_teacher": text_teacher, "masked_lm": masked_lm}


def write_language_model(folder: Path, sizes: Sizes) -> None:
    """A Hugging Face folder of random weights whose tokenizer knows the words w5, w6, ..."""
    words = {
        word: index
        for index, word in enumerate(
            (*SPECIAL, *(f"w{i}" for i in range(len(SPECIAL), sizes.vocabulary - 1)), ",")
        )
    }
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", words["[CLS]"]), ("[SEP]", words["[SEP]"])]
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    config = BertConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.lm_layers,
        num_attention_heads=12,
        intermediate_size=4 * sizes.hidden,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {f"{name.strip('[]').lower()}_token": name for name in SPECIAL}
    (folder / "tokenizer_config.json").write_text(json.dumps(named), encoding="utf-8")


class Enough(Exception):  # noqa: N818 (nothing went wrong)
    """Breaks the training off once enough steps were timed."""


class Clock:
    """The loop asks for targets once a step: it is told the time whenever the device has ended what came
    before.
    """

    def __init__(self, steps: int, teacher: torch.Tensor | None):
        self.times: list[float] = []
        self.steps, self.teacher = steps, teacher

    def targets(self, batch: Batch) -> dict[str, Outputs]:
        """What the teacher says of the batch, if there is one."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())
        if len(self.times) > self.steps:
            raise Enough
        if self.teacher is None:
            return {}
        rows = torch.tensor([int(sample[1:]) for sample in batch.ids])
        return {"teacher": Outputs(logits={"action": self.teacher[rows]})}


@contextmanager
def update_in(kernels: str) -> Iterator[None]:
    """The loop's optimizers as they are (``fused``), or made to update operation by operation
    (``unfused``).
    """
    build = loop.build_optimizer

    def changed(*arguments: Any) -> torch.optim.Optimizer:
        optimizer = build(*arguments)
        for group in optimizer.param_groups:
            group["fused"] = kernels == "fused"
        return optimizer

    loop.build_optimizer = changed
    try:
        yield
    finally:
        loop.build_optimizer = build


def measure(training: Training, precision: str, kernels: str, steps: int) -> dict[str, float | None]:
    """Median time of a step, what passes a second, and the most memory that was taken."""
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    first = max(steps // 5, 1)
    config = LoopConfig(
        steps=steps + 2,
        batch=training.batch,
        optimizer=training.optimizer,
        precision="bf16" if precision == "bf16" else "fp32",
        tf32=precision == "tf32",
        checkpoint_steps=10**9,
    )
    objective, clock = (
        build_objective([TermConfig(**term) for term in training.terms]),
        Clock(steps, training.teacher),
    )
    loaders = {"training": Loader(samples=training.samples, batch=training.batch)}
    with tempfile.TemporaryDirectory() as out, update_in(kernels):
        try:
            loop.fit(training.model, clock.targets, objective, loaders, config, Path(out))
        except Enough:
            training.model.zero_grad()
    seconds = statistics.median(b - a for a, b in zip(clock.times[first:], clock.times[first + 1 :]))
    samples = training.batch / seconds
    return {
        "step_ms": round(1e3 * seconds, 3),
        "samples_per_s": round(samples, 1),
        "tokens_per_s": round(samples * training.tokens),
        "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if on_gpu else None,
    }


def _millions(model: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.1f} M parameters"


def run(
    make: Callable[[Sizes, Path], Training], sizes: Sizes, folder: Path, steps: int
) -> tuple[str, dict[str, Any]]:
    """What one training is, and its figures by precision and update."""
    torch.manual_seed(0)
    training = make(sizes, folder)
    figures = {}
    for precision in ("fp32", "tf32", "bf16"):
        for kernels in ("fused", "unfused"):
            figures[f"{precision}_{kernels}"] = found = measure(training, precision, kernels, steps)
            print(
                f"{make.__name__:14}{precision:6}{kernels:9}{found['step_ms']:10.2f} ms"
                f" {found['samples_per_s']:10.0f} samples/s",
                flush=True,
            )
    return training.what, figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--steps", type=int, default=30, help="timed steps of each training (default: %(default)s)"
    )
    parser.add_argument("--tiny", action="store_true", help="small sizes, for a machine without a GPU")
    parser.add_argument(
        "--only", nargs="+", choices=TRAININGS, default=list(TRAININGS), help="which trainings"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "gpu.json")
    arguments = parser.parse_args()
    sizes, device = TINY if arguments.tiny else Sizes(), accelerator().device
    figures: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else str(device),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "accelerate": accelerate.__version__,
        "transformers": transformers.__version__,
        "steps": arguments.steps,
    }
    with tempfile.TemporaryDirectory() as folder:
        write_language_model(Path(folder), sizes)
        for name in arguments.only:
            figures[f"{name} is"], figures[name] = run(TRAININGS[name], sizes, Path(folder), arguments.steps)
    print(json.dumps(figures))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
