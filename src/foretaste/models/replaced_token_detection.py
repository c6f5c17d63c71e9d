"""ELECTRA's own pretraining (Clark et al. 2020): a small generator fills hidden tokens, the language model
says of every token whether it was replaced.

    loss = cross-entropy of the generator at hidden tokens + 50 * binary cross-entropy of the discriminator at
    all real tokens

The discriminator's score is given as two logits (0, s), where s speaks for what is true of the token: with
the constant label 1 their cross-entropy is log(1 + exp(-s)), the binary cross-entropy. A sample that happens
to be the hidden token is no replacement. Embeddings are shared where both are as wide, as published. Which
token is drawn depends on the view's random number for that place, hence not on batches or processes. Hidden
tokens are shown to the generator as the view hides them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from transformers import ElectraForPreTraining

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.models.language_model import (
    LanguageModel,
    Loading,
    Packing,
    load_language_model,
    load_pretrained,
    seen,
    write_folder,
)
from foretaste.models.pretrained import Attention, read_config
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("token", "verdict")


class Config(Options):
    dropout: float | None = Field(None, ge=0, lt=1)
    """Replaces every dropout rate of both networks; null keeps their own."""
    attention: Attention = "eager"
    """How both networks attend: `sdpa` is torch's fused attention, meant for GPUs; `eager` is faster on
    CPUs. They are equal up to rounding.
    """


class ReplacedTokenDetection(nn.Module):
    """``discriminator`` is what is kept as the language model; ``generator`` lies beside it."""

    def __init__(self, discriminator: ElectraForPreTraining, loading: Loading, generator: LanguageModel):
        super().__init__()
        ours, theirs = discriminator.electra.embeddings, generator.encoder.embeddings
        if all(a.shape == b.shape for a, b in zip(ours.parameters(), theirs.parameters(), strict=True)):
            generator.share_embeddings(ours)
        self.generator, self.discriminator = generator, discriminator
        self._loading = loading

    def forward(self, batch: Batch) -> Outputs:
        """``input_ids`` (B, N), ``attention_mask`` (B, N) bool, ``masked_positions``, ``draws`` (M,), and
        where rows are packed ``sequence``, ``position`` (B, N) -> logits ``token`` (M, V) of the generator;
        in training also ``verdict`` (real tokens, 2).
        """
        ids, real, masked = (
            batch.inputs[name] for name in ("input_ids", "attention_mask", "masked_positions")
        )
        packing = Packing.of(batch)
        guesses = self.generator.logits(self.generator.encode(ids, real, packing).flatten(0, 1)[masked])
        if not self.training:
            return Outputs(logits={"token": guesses})
        truth = ids.flatten().index_copy(0, masked, batch.labels["token"])
        shown = truth.index_copy(0, masked, draw(guesses.detach(), batch.inputs["draws"]))
        told = seen(real, packing, next(self.discriminator.parameters()).dtype)
        vectors = self.discriminator.electra(input_ids=shown.view_as(ids), **told).last_hidden_state
        score = self.discriminator.discriminator_predictions(
            vectors
        ).flatten()  # (B * N,), high where it takes a token for replaced
        right = torch.where(shown == truth, -score, score)[real.flatten()]
        return Outputs(
            logits={"token": guesses, "verdict": torch.stack((torch.zeros_like(right), right), -1)}
        )

    def facts(self) -> dict[str, Any]:
        """What loading both networks left open."""
        mine, theirs = self._loading, self.generator.loading
        return {
            "newly_initialised": (
                *mine.newly_initialised,
                *(f"generator: {name}" for name in theirs.newly_initialised),
            ),
            "unused": (*mine.unused, *(f"generator: {name}" for name in theirs.unused)),
            "electra": "replaced_token_detection",
        }

    def save(self, folder: Path) -> list[Path]:
        """Write the discriminator as a Hugging Face folder and the generator, with its masked-word head, in
        ``generator``.
        """
        write_folder(self.discriminator, folder, self.facts())
        self.generator.save(folder / "generator")
        return [folder, folder / "generator"]


def draw(logits: Tensor, draws: Tensor) -> Tensor:
    """One token a row from softmax(logits): logits (M, V), draws (M,) in [0, 1) -> (M,) int64, by the inverse
    distribution.
    """
    share = logits.double().softmax(-1).cumsum(-1)
    return torch.searchsorted(share, (draws.double() * share[:, -1])[:, None], right=True)[:, 0].clamp(
        max=logits.shape[-1] - 1
    )


def build(config: Config, sources: Sources) -> ReplacedTokenDetection:
    """The discriminator of ``sources.pretrained`` with the generator of ``sources.generator``; ConfigError
    unless both are ELECTRA.
    """
    folder, generator = (
        sources.need("pretrained", "replaced_token_detection"),
        sources.need("generator", "replaced_token_detection"),
    )
    for place in (folder, generator):
        if (kind := read_config(place).model_type) != "electra":
            raise ConfigError(
                f"replaced-token detection with {kind}",
                place,
                "ELECTRA's discriminator and generator",
                "use masked_lm",
            )
    discriminator, loading = load_pretrained(ElectraForPreTraining, folder, config.dropout, config.attention)
    return ReplacedTokenDetection(
        discriminator, loading, load_language_model(generator, config.dropout, config.attention)
    )
