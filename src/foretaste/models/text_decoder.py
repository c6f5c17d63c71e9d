"""A text teacher that is a causal language model: it reads the past actions and its last vector is
classified.

Of the published systems none has it; their teachers are masked language models. A decoder has seen the whole
text only at its last token, so that token's vector stands for the text. Texts are padded on the right, where
a causal model cannot look: padding changes no logit. With ``lora`` the language model stays as it is and
small matrices beside its linear layers are trained (Hu et al. 2021, arXiv:2106.09685; library peft); a
checkpoint then holds both.
"""

from __future__ import annotations

from pathlib import Path

import torch
from peft import LoraConfig, inject_adapter_in_model
from pydantic import Field, PositiveFloat, PositiveInt
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.models.pretrained import Attention, check_fits, kind_of, load_network, read_config
from foretaste.settings.options import Options


class Lora(Options):
    """Low-rank adapters in every linear layer of the language model."""

    rank: PositiveInt = 8
    """Rank of the added matrices."""
    alpha: PositiveFloat = 16.0
    """Their product is scaled by alpha / rank."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """On what goes into them."""


#: What it gives, as terms call it.
GIVES = ("<heads>", "embedding")


class Config(Options):
    lora: Lora | None = None
    """Train adapters and leave the language model as it is; null: train all of it."""
    dropout: float | None = Field(None, ge=0, lt=1)
    """Replaces every dropout rate of the language model; null keeps its own."""
    attention: Attention = "eager"
    """How the language model attends: `sdpa` is torch's fused attention, meant for GPUs; `eager` is faster on
    CPUs. They are equal up to rounding.
    """
    classify: tuple[str, ...] = ()
    """Heads that are made; none: all of the dataset's."""


class TextDecoder(nn.Module):
    """``lm`` with linear heads ``classifiers``."""

    def __init__(self, lm: PreTrainedModel, config: Config, space: ClassSpace):
        super().__init__()
        self.lm = lm
        width = lm.config.get_text_config().hidden_size
        sizes = space.sizes(config.classify or space.heads)
        self.classifiers = nn.ModuleDict({head: nn.Linear(width, count) for head, count in sizes.items()})

    def forward(self, batch: Batch) -> Outputs:
        """``input_ids`` (B, N), ``attention_mask`` (B, N) bool, real tokens first -> logits (B, C) a head,
        embedding (B, D): the vector of the last real token.
        """
        real = batch.inputs["attention_mask"]
        vectors = self.lm(
            input_ids=batch.inputs["input_ids"], attention_mask=real.long(), use_cache=False
        ).last_hidden_state
        last = real.sum(1) - 1
        pooled = vectors[torch.arange(len(vectors), device=vectors.device), last]
        return Outputs(
            logits={head: classifier(pooled) for head, classifier in self.classifiers.items()},
            embedding=pooled,
        )


def adapt(lm: PreTrainedModel, lora: Lora) -> None:
    """Put adapters, which start as no change, into every linear layer of ``lm`` and freeze the rest of it."""
    settings = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        # GPT-2's layers store their matrices (in, out).
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in lm.modules()),
    )
    inject_adapter_in_model(settings, lm)


def load_decoder(
    folder: Path, dropout: float | None = None, attention: Attention = "eager"
) -> PreTrainedModel:
    """The causal language model of a Hugging Face folder without its vocabulary head, in float32.

    Raises ConfigError for another kind of model, DataError where a weight is missing or of another shape.
    """
    folder = Path(folder)
    config = read_config(folder, dropout)
    if kind_of(config, folder) != "causal":
        raise ConfigError(
            f"{config.model_type} is no causal language model",
            folder / "config.json",
            "a decoder such as gpt2 or llama",
            "network: text_encoder",
        )
    lm, found = load_network(AutoModel, folder, config, attention)
    check_fits(sorted(found["missing_keys"]), found, folder)
    return lm


def build(config: Config, sources: Sources) -> TextDecoder:
    """The language model of ``sources.pretrained`` with heads for the classes of ``sources``."""
    lm = load_decoder(sources.need("pretrained", "text_decoder"), config.dropout, config.attention)
    if config.lora is not None:
        adapt(lm, config.lora)
    return TextDecoder(lm, config, sources.need("classes", "text_decoder"))
