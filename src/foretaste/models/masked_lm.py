"""Masked language modelling: the hidden tokens of a text from the rest (Devlin et al. 2019), logits where a
token is hidden.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.models.language_model import LanguageModel, Packing, load_language_model
from foretaste.models.pretrained import Attention
from foretaste.settings.options import Options

#: Count that stands for a token which the corpus does not hold.
UNSEEN = 0.01

#: What it gives, as terms call it.
GIVES = ("token",)


class Config(Options):
    dropout: float | None = Field(None, ge=0, lt=1)
    """Replaces every dropout rate of the language model; null keeps its own."""
    attention: Attention = "eager"
    """How the language model attends: `sdpa` is torch's fused attention, meant for GPUs; `eager` is faster on
    CPUs. They are equal up to rounding.
    """
    vocabulary: Literal["all", "corpus"] = "all"
    """`corpus`: only the vectors of tokens that the phrases hold are trained, and training normalises over
    them alone (so the view may hide words only). A recipe corpus holds a few per cent of a vocabulary, and on
    a CPU most of a step goes into the rest.
    """
    separators: tuple[str, ...] = ()
    """With `vocabulary: corpus`: what the view's template puts between words, trained as well (`mask: tokens`
    hides it too).
    """


class MaskedLm(nn.Module):
    """A language model with its masked-word head, applied at the masked positions only (1.7 to 2.6 times
    faster).

    active
        Ids (A,) of the tokens that are trained; None: all. Their vectors and biases are then parameters of
        their own, which are written back into the language model's tables whenever the model is used outside
        training.
    """

    def __init__(self, lm: LanguageModel, active: Tensor | None = None):
        super().__init__()
        self.lm = lm
        self.rows = self.row_bias = None
        if active is not None:
            place = torch.full((len(lm.bias),), -1)
            place[active] = torch.arange(len(active))
            self.register_buffer("active", active, persistent=False)
            self.register_buffer("place", place, persistent=False)
            self.rows = nn.Parameter(lm.word_vectors().detach()[active].clone())
            self.row_bias = nn.Parameter(lm.bias.detach()[active].clone())

    def forward(self, batch: Batch) -> Outputs:
        """``input_ids`` (B, N), ``attention_mask`` (B, N) bool, ``masked_positions`` (M,) int64 into B * N,
        where rows are packed ``sequence`` and ``position`` (B, N) -> logits ``token`` (M, V), which in
        training are -inf for tokens that are not trained.
        """
        ids, real, masked = (
            batch.inputs[name] for name in ("input_ids", "attention_mask", "masked_positions")
        )
        packing = Packing.of(batch)
        if self.rows is None or not self.training:
            self.write_back()
            return Outputs(
                logits={"token": self.lm.logits(self.lm.encode(ids, real, packing).flatten(0, 1)[masked])}
            )
        labels = batch.labels["token"]
        if (self.place[labels] < 0).any():
            strange = labels[self.place[labels] < 0][0].item()
            raise DataError(
                f"token {strange} is hidden and not in the corpus",
                "masked_lm",
                "hidden words",
                "mask: words or phrases, or name the template's separators, or vocabulary: all",
            )
        place = self.place[ids]
        known = F.embedding(place.clamp(min=0), self.rows)
        embedded = torch.where((place >= 0)[..., None], known, self.lm.embed(ids).detach())
        vectors = self.lm.encode_embedded(embedded, real, packing).flatten(0, 1)[masked]
        few = F.linear(self.lm.transform(vectors), self.rows, self.row_bias)  # (M, A)
        return Outputs(
            logits={
                "token": few.new_full((len(few), len(self.place)), -torch.inf).index_copy(1, self.active, few)
            }
        )

    @torch.no_grad()
    def write_back(self) -> None:
        """Put the trained vectors and biases into the tables of the language model."""
        if self.rows is not None:
            self.lm.word_vectors().index_copy_(0, self.active, self.rows)
            self.lm.bias.index_copy_(0, self.active, self.row_bias)

    def facts(self) -> dict[str, Any]:
        """What loading the language model left open."""
        return self.lm.facts()

    def save(self, folder: Path) -> list[Path]:
        """Write the language model as a Hugging Face folder, but for its tokenizer; returns the folders that
        need one.
        """
        self.write_back()
        self.lm.save(folder)
        return [folder]


def count_tokens(phrases: pa.Table, folder: Path, separators: Sequence[str] = ()) -> Tensor:
    """How often each token of the vocabulary (V,) float64 occurs in verbs and objects of the training
    recipes.

    Each of ``separators`` stands once beside every phrase. A table that is mapped from disk is read a batch
    at a time.
    """
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    count = torch.zeros(tokenizer.get_vocab_size(), dtype=torch.float64)
    words: Counter[str] = Counter()
    for batch in phrases.to_batches():
        train = pc.equal(batch.column("partition"), "train")
        words.update(dict.fromkeys(separators, pc.sum(train).as_py() or 0))
        for column in ("verb", "object"):
            found = pc.value_counts(batch.column(column).filter(train))
            words.update(dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist())))
    for word, times in words.items():
        if word is not None:
            # Byte-level vocabularies tell a word at the beginning of a text from one in the middle of it.
            for text in (word, f" {word}"):
                for token in tokenizer.encode(text, add_special_tokens=False).ids:
                    count[token] += times
    return count


def build(config: Config, sources: Sources) -> MaskedLm:
    """The language model of ``sources.pretrained``.

    A newly initialised head starts from the frequencies of the corpus: its bias is the log of each token's
    share, so that training need not find out first how rare most words are.
    """
    folder, phrases = sources.need("pretrained", "masked_lm"), sources.need("phrases", "masked_lm")
    lm = load_language_model(folder, config.dropout, config.attention)
    count = count_tokens(phrases, folder, config.separators)
    count = torch.cat(
        (count, count.new_zeros(len(lm.bias) - len(count)))
    )  # tables may be padded beyond the tokenizer
    if lm.loading.newly_initialised:
        with torch.no_grad():
            lm.bias.copy_(((count + UNSEEN) / (count + UNSEEN).sum()).log())
    if config.vocabulary == "all":
        return MaskedLm(lm)
    if not lm.tied:
        raise ConfigError(
            "vocabulary: corpus",
            folder,
            "a language model whose decoder is its table of word embeddings",
            "vocabulary: all",
        )
    return MaskedLm(lm, count.nonzero()[:, 0])
