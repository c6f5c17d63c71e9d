"""A small transformer that reads the features of a frozen network and asks them one question a head.

As the probes of V-JEPA 2 (Assran et al. 2025, arXiv:2506.09985): blocks of self-attention over all tokens,
then one block of cross-attention in which a learnt query a head pools them. What is to be anticipated has a
place among the tokens: ``future`` mask tokens, of the steps after the last that was shown, as V-JEPA's
predictor has them. Where the features hold a network's own guess of the future (``imagine`` of
pretrained_vision), none are needed.

    inputs    features (B, T, D), or maps (B, T, ..., D): one token a step and place
    embedding (B, W): what the first head's query has pooled
"""

from __future__ import annotations

import torch
from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.models.vision_layers import Attention, Mlp, truncated_normal
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("<heads>", "embedding")

#: The slowest wave of a time's code turns once in so many steps.
_LONGEST = 10_000.0


class Config(Options):
    layers: NonNegativeInt = 3
    """Blocks of self-attention before the one that pools (V-JEPA 2: 3)."""
    heads: PositiveInt = 16
    """Attention heads; they divide the width."""
    width: PositiveInt | None = None
    """W, where features are first brought to another width; null: their own."""
    future: NonNegativeInt = 1
    """Mask tokens, one a step after the window: with windows of one step a second the first stands at tau_a
    of one second.
    """
    dropout: float = Field(0.0, ge=0, lt=1)
    """On what is classified."""
    classify: tuple[str, ...] = ()
    """Heads, each with a query of its own; none: all of the dataset's."""


class AttentiveProbe(nn.Module):
    """The probe over features of width D."""

    def __init__(self, config: Config, feature_width: int, classes: dict[str, int]):
        super().__init__()
        width = config.width or feature_width
        if width % config.heads or width % 2:
            raise ConfigError(
                f"a width of {width} and {config.heads} attention heads",
                "network of the preset",
                "an even width that the heads divide",
                "set width or heads",
            )
        self.bring = nn.Identity() if width == feature_width else nn.Linear(feature_width, width)
        self.masks = nn.Parameter(torch.empty(config.future, width))
        self.queries = nn.Parameter(torch.empty(len(classes), width))
        self.blocks = nn.ModuleList(_Block(width, config.heads) for _ in range(config.layers))
        self.pool = _Pool(width, config.heads)
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict({head: nn.Linear(width, count) for head, count in classes.items()})
        truncated_normal(self)
        for tokens in (self.masks, self.queries):
            nn.init.trunc_normal_(tokens, std=0.02)

    def tokens(self, features: Tensor) -> Tensor:
        """(B, T, ..., D) -> (B, T * places + future, W), each with the code of its step; the last step that
        was shown is step 0.
        """
        seen = self.bring(features)
        steps = torch.arange(1 - seen.shape[1], 1 + len(self.masks), device=seen.device)
        code = _code(steps, seen.shape[-1]).to(seen.dtype)
        shown, ahead = code.split([seen.shape[1], len(self.masks)])
        places = seen.flatten(2, -2) if seen.dim() > 3 else seen.unsqueeze(2)  # (B, T, places, W)
        masks = (self.masks.to(seen.dtype) + ahead).expand(len(seen), -1, -1)
        return torch.cat(((places + shown[:, None]).flatten(1, 2), masks), 1)

    def forward(self, batch: Batch) -> Outputs:
        """``features`` -> ``logits`` of every head, and ``embedding``."""
        features = batch.inputs["features"]
        x = self.tokens(features.to(self.queries.dtype))
        for block in self.blocks:
            x = block(x)
        pooled = self.pool(self.queries.to(x.dtype).expand(len(x), -1, -1), x)  # (B, heads, W)
        kept = self.dropout(pooled)
        named = enumerate(self.classifiers.items())
        logits = {head: classifier(kept[:, place]) for place, (head, classifier) in named}
        return Outputs(logits=logits, embedding=pooled[:, 0])


class _Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.mlp = Attention(width, heads), Mlp(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class _Pool(nn.Module):
    """q + attention of queries to norm(tokens), then q + mlp(norm(q))."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.mlp = Mlp(width)

    def forward(self, queries: Tensor, tokens: Tensor) -> Tensor:
        """queries (B, Q, W), tokens (B, N, W) -> (B, Q, W)."""
        split = self.query(queries).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        both = self.key_value(self.norm1(tokens)).unflatten(-1, (2, self.heads, -1))
        key, value = both.permute(2, 0, 3, 1, 4).unbind(0)  # (B, heads, N, W / heads)
        pooled = queries + F.scaled_dot_product_attention(split, key, value).transpose(1, 2).flatten(2)
        return pooled + self.mlp(self.norm2(pooled))


def _code(steps: Tensor, width: int) -> Tensor:
    """(n,) -> (n, W): sines and cosines of a step, from fast to slow (Vaswani et al. 2017, 3.5)."""
    exponents = torch.arange(width // 2, device=steps.device) / (width // 2)
    angles = steps[:, None] / _LONGEST**exponents
    return torch.cat((angles.sin(), angles.cos()), 1)


def build(config: Config, sources: Sources) -> AttentiveProbe:
    """The probe for the features and classes of ``sources``."""
    space = sources.need("classes", "models.attentive_probe")
    width = sources.need("feature_width", "models.attentive_probe")
    return AttentiveProbe(config, width, space.sizes(config.classify or space.heads))
