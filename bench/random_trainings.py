"""Trainings of the sizes that are published, with random weights and data, for the benchmarks of the loop."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tokenizers
import torch
from torch import nn
from transformers import BertConfig, BertForMaskedLM

from foretaste.annotations.labels import verb_noun
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.tables import PHRASES
from foretaste.contracts.view import Fetched, Look, Sources
from foretaste.settings import families
from foretaste.training.samples import Samples, own_rows

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


def _millions(model: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.1f} M parameters"
