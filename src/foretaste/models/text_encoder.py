"""A text teacher: a language model reads the past actions and says which action comes next.

``linear`` is the published head (Ghosh et al. 2022): one vector of the text, three linear classifiers.
``verbaliser`` keeps the masked-word head as the classifier: the text ends in two masks, verb and object, and

    logit(action) = linear(action) + log p(verb of the action) + log p(noun of the action)

where p(verb) is the softmax over the verbs of the mean logit of the verb's tokens at the first mask, and
p(noun) likewise at the second. The mean, not the sum, so that a name of three tokens is not less likely for
being long; a constant over classes is left to the softmax. What pretraining taught the masked-word head is
then there at the first step, where a new linear layer has to learn it again from the labels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Sources
from foretaste.models.language_model import LanguageModel, load_language_model
from foretaste.models.pretrained import Attention
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("<heads>", "embedding")


class Config(Options):
    head: Literal["linear", "verbaliser"] = "linear"
    """`linear`: new classifiers. `verbaliser`: the masked-word head at two masks beside them (the view needs
    `slots: true`).
    """
    pool: Literal["cls", "mean"] = "cls"
    """The vector that stands for the text: its first token's, or the mean over its tokens."""
    dropout: float | None = Field(None, ge=0, lt=1)
    """Replaces every dropout rate of the language model; null keeps its own."""
    attention: Attention = "eager"
    """How the language model attends: `sdpa` is torch's fused attention, meant for GPUs; `eager` is faster on
    CPUs. They are equal up to rounding.
    """
    classify: tuple[str, ...] = ()
    """Heads that are made; none: all of the dataset's."""


class ClassWords(nn.Module):
    """Scores classes by the words of their names ("board:chopping": board, chopping), read off a masked-word
    head.
    """

    def __init__(self, names: Sequence[str], folder: Path):
        super().__init__()
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        # The space in front makes it a word in the middle of a text, which byte-level vocabularies tell
        # apart.
        worded = [" " + " ".join(re.findall(r"[^\s:/_\-]+", name.lower())) for name in names]
        tokens = [tokenizer.encode(words, add_special_tokens=False).ids for words in worded]
        if [] in tokens:
            raise DataError(
                f"class {names[tokens.index([])]!r} has no token",
                folder / "tokenizer.json",
                "a word in every class name",
                "use head: linear",
            )
        offsets = torch.tensor([0, *(len(row) for row in tokens[:-1])]).cumsum(0)
        self.register_buffer(
            "tokens", torch.tensor([token for row in tokens for token in row]), persistent=False
        )
        self.register_buffer("offsets", offsets, persistent=False)

    def forward(self, lm: LanguageModel, vectors: Tensor) -> Tensor:
        """vectors (B, D) at the mask -> log-probabilities (B, C) over the classes."""
        rows = F.embedding_bag(self.tokens, lm.word_vectors(), self.offsets, mode="mean")
        bias = F.embedding_bag(self.tokens, lm.bias[:, None], self.offsets, mode="mean")[:, 0]
        return F.log_softmax(F.linear(lm.transform(vectors), rows, bias).float(), -1)


class TextEncoder(nn.Module):
    """``lm`` with the heads of ``config.classify``; with the verbaliser the linear heads start at zero."""

    def __init__(self, lm: LanguageModel, config: Config, space: ClassSpace, folder: Path):
        super().__init__()
        self.lm, self.pool = lm, config.pool
        sizes = space.sizes(config.classify or space.heads)
        self.classifiers = nn.ModuleDict({head: nn.Linear(lm.width, count) for head, count in sizes.items()})
        self.slots = nn.ModuleDict()
        if config.head == "verbaliser":
            said = space.sizes(("verb", "noun"))
            self.slots.update({head: ClassWords(space.names(head), folder) for head in said})
            for classifier in self.classifiers.values():
                nn.init.zeros_(classifier.weight)
                nn.init.zeros_(classifier.bias)
            for head, ids in space.parts("action").items():
                self.register_buffer(f"action_{head}", torch.tensor(ids), persistent=False)

    def forward(self, batch: Batch) -> Outputs:
        """``input_ids`` (B, N), ``attention_mask`` (B, N) bool, for the verbaliser ``slots`` (B, 2) int64:
        where the masks of verb and noun are -> logits (B, C) a head, embedding (B, D).
        """
        real = batch.inputs["attention_mask"]
        vectors = self.lm.encode(batch.inputs["input_ids"], real)
        pooled = (
            vectors[:, 0]
            if self.pool == "cls"
            else (vectors * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        )
        logits = {head: classifier(pooled) for head, classifier in self.classifiers.items()}
        if self.slots:
            said = self._said(vectors, batch.inputs["slots"])
            logits = {head: logit + said[head] for head, logit in logits.items()}
        return Outputs(logits=logits, embedding=pooled)

    def _said(self, vectors: Tensor, slots: Tensor) -> dict[str, Tensor]:
        """What the masked-word head says of each class: log-probabilities (B, C) a head."""
        at = vectors.gather(1, slots[..., None].expand(-1, -1, vectors.shape[-1]))  # (B, 2, D)
        verb, noun = (self.slots[head](self.lm, at[:, index]) for index, head in enumerate(("verb", "noun")))
        return {"verb": verb, "noun": noun, "action": verb[:, self.action_verb] + noun[:, self.action_noun]}


def build(config: Config, sources: Sources) -> TextEncoder:
    """The language model of ``sources.pretrained`` with heads for the classes of ``sources``."""
    folder = sources.need("pretrained", "text_encoder")
    return TextEncoder(
        load_language_model(folder, config.dropout, config.attention),
        config,
        sources.need("classes", "text_encoder"),
        folder,
    )
