"""AVT: a causal transformer over frame features that predicts the next feature, and the action from it.

Girdhar & Grauman 2021, "Anticipative Video Transformer" (arXiv:2106.02036), sections 4.2-4.3; names as there:
z_t the feature of frame t, d_t the prediction of z_{t+1}. AVT-h alone takes features that lie on disk; with a
``backbone`` it takes frames and trains both (AVT-b).
"""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.models.causal_transformer import CausalTransformer, Dropouts
from foretaste.settings.families import Part
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("<head>", "past_<head> if past", "features", "next_features", "maps.hidden", "maps.future")


class Config(Options):
    width: PositiveInt = 2048
    """H, the width of the transformer."""
    layers: PositiveInt
    """Transformer blocks."""
    heads: PositiveInt
    """Attention heads; they divide the width."""
    dropout: float = Field(ge=0, lt=1)
    """On the feature vector that is classified."""
    inner_dropout: float = Field(0.1, ge=0, lt=1)
    """Inside the transformer: after adding positions, and on what each part adds."""
    attention_dropout: float = Field(0.1, ge=0, lt=1)
    """On attention weights; without it a step on the CPU takes a quarter less time."""
    init_std: PositiveFloat = 0.01
    """Spread of the encoder's, the decoder's and the classifiers' first weights. The published 0.01 fits a
    width of 2048; three such layers in a row leave a network of width 64 almost no signal to learn from.
    """
    positions: PositiveInt = 1024
    """The longest sequence, observed and predicted steps together."""
    steps: PositiveInt = 1
    """Future features predicted one after the other; the last one is classified."""
    past: bool = False
    """Also classify every observed frame, from the feature predicted for it."""
    classify: tuple[str, ...] = ()
    """Heads; none: the dataset's first, as published (the action's; its probabilities are summed for verbs
    and nouns).
    """
    backbone: Part("models") | None = None
    """Makes one vector a frame and is trained with the rest; without it the input is features."""

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Config:
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a width of {self.width}")
        return self


class Avt(nn.Module):
    """AVT-h: encoder, causal transformer, decoder, and one linear classifier a head for the past and the
    future alike.
    """

    def __init__(
        self,
        config: Config,
        *,
        feature_width: int,
        classes: dict[str, int],
        backbone: nn.Module | None = None,
    ):
        super().__init__()
        self.steps, self.past = config.steps, config.past
        self.backbone = backbone
        self.encoder = nn.Linear(feature_width, config.width, bias=False)
        self.decoder = nn.Linear(config.width, feature_width, bias=False)
        self.transformer = CausalTransformer(
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            positions=config.positions,
            dropouts=Dropouts(
                embedding=config.inner_dropout,
                attention=config.attention_dropout,
                residual=config.inner_dropout,
            ),
        )
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict(
            {head: nn.Linear(feature_width, count) for head, count in classes.items()}
        )
        for linear in (self.encoder, self.decoder, *self.classifiers.values()):
            nn.init.normal_(linear.weight, std=config.init_std)
            if linear.bias is not None:
                nn.init.zeros_(linear.bias)

    def predict(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features z (B, T, D) -> predictions d_1..d_T (B, T, D), the ``steps`` future features (B, steps,
        D), and the transformer's vectors (B, T, H) that the predictions are decoded from.

        The first future feature is d_T. Each further step is fed the hidden state itself, not its decoding,
        as published.
        """
        seen, memories = self.transformer(self.encoder(z))
        d, hidden = self.decoder(seen), seen
        future = [d[:, -1:]]
        for _ in range(self.steps - 1):
            hidden, memories = self.transformer(hidden[:, -1:], memories)
            future.append(self.decoder(hidden))
        return d, torch.cat(future, 1) if self.steps > 1 else future[0], seen

    def forward(self, batch: Batch) -> Outputs:
        """``features`` (B, T, D), or with a backbone ``frames`` (B, T, 3, H, W) uint8, -> every field but
        ``embedding``.

        Past position t is classified from d_{t-1}, the first from z_1.
        """
        if self.backbone is None:
            z = batch.inputs["features"]
            if z.dim() != 3:
                raise ConfigError(
                    f"features {tuple(z.shape)} of a batch", "view of the preset", "vectors, (B, T, D)",
                    "give it vectors; AVT reads no maps",
                )  # fmt: skip
        else:
            frames = batch.inputs["frames"]
            z = self.backbone.embed(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        d, future, hidden = self.predict(z)
        maps = {"hidden": hidden, "future": future[:, -1]}
        if not self.past:
            last = self.dropout(future[:, -1])
            logits = {head: classifier(last) for head, classifier in self.classifiers.items()}
            return Outputs(logits=logits, features=z, next_features=d, maps=maps)
        seen = self.dropout(torch.cat((z[:, :1], d[:, :-1], future[:, -1:]), 1))  # (B, T + 1, D)
        scores = {head: classifier(seen) for head, classifier in self.classifiers.items()}  # (B, T + 1, C)
        return Outputs(
            logits={head: score[:, -1] for head, score in scores.items()},
            past_logits={head: score[:, :-1] for head, score in scores.items()},
            features=z,
            next_features=d,
            maps=maps,
        )


def build(config: Config, sources: Sources, backbone: Any = None) -> Avt:
    """AVT for the classes of ``sources``; D is the backbone's width, or that of the features of
    ``sources``.
    """
    space = sources.need("classes", "avt")
    width = sources.need("feature_width", "avt without a backbone") if backbone is None else backbone.width
    classes = space.sizes(config.classify or (space.main,))
    return Avt(config, feature_width=width, classes=classes, backbone=backbone)
