"""A causal transformer of the GPT-2 kind over vectors instead of words.

Radford et al. 2019: learned positions, layer norm before each part and once at the end (eps 1e-5), tanh GELU,
hidden width 4H, scale 1/sqrt(H / heads). Weights and biases start as N(0, 0.02) and 0; the residual
projections are not scaled down with depth, as in the version AVT was published with.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Keys and values (B, heads, T, H / heads) of the positions a layer has seen.
Memory = tuple[Tensor, Tensor]


@dataclass(frozen=True, kw_only=True)
class Dropouts:
    """Dropout rates: after adding positions, on attention weights, and on what a part adds to the residual
    stream.
    """

    embedding: float = 0.1
    attention: float = 0.1
    residual: float = 0.1


class Attention(nn.Module):
    """Causal self-attention with several heads."""

    def __init__(self, width: int, heads: int, dropouts: Dropouts):
        super().__init__()
        self.heads = heads
        self.dropout = dropouts.attention
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of x (B, T, H), each (B, heads, T, H / heads)."""
        return self.query_key_value(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)

    def forward(self, x: Tensor, memory: Memory | None = None) -> tuple[Tensor, Memory]:
        """x (B, T, H) -> (B, T, H); given ``memory``, x is the one position (T = 1) that follows what it
        holds.
        """
        query, key, value = self.split(x)
        if memory is not None:
            key, value = torch.cat((memory[0], key), 2), torch.cat((memory[1], value), 2)
        mixed = F.scaled_dot_product_attention(
            query, key, value, dropout_p=self.dropout if self.training else 0.0, is_causal=memory is None
        )
        return self.output(mixed.transpose(1, 2).flatten(2)), (key, value)


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, width: int, heads: int, dropouts: Dropouts):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropouts)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
        )
        self.dropout = nn.Dropout(dropouts.residual)

    def forward(self, x: Tensor, memory: Memory | None = None) -> tuple[Tensor, Memory]:
        """x (B, T, H) -> (B, T, H), and the keys and values so far."""
        mixed, memory = self.attention(self.norm1(x), memory)
        x = x + self.dropout(mixed)
        return x + self.dropout(self.mlp(self.norm2(x))), memory


class CausalTransformer(nn.Module):
    """``layers`` blocks over up to ``positions`` vectors of width H; position t sees positions up to t."""

    def __init__(self, *, width: int, layers: int, heads: int, positions: int, dropouts: Dropouts):
        super().__init__()
        self.position = nn.Parameter(torch.empty(positions, width))
        self.dropout = nn.Dropout(dropouts.embedding)
        self.blocks = nn.ModuleList(Block(width, heads, dropouts) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.position, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor, memories: list[Memory] | None = None) -> tuple[Tensor, list[Memory]]:
        """x (B, T, H) -> hidden states (B, T, H) after the last norm, and what a following position needs.

        Given ``memories``, x is one position (T = 1) that follows them. Raises IndexError past the last
        position.
        """
        start = memories[0][0].shape[2] if memories else 0
        stop = start + x.shape[1]
        if stop > self.position.shape[0]:
            raise IndexError(f"{stop} time steps, but the transformer has {self.position.shape[0]} positions")
        x = self.dropout(x + self.position[start:stop])
        seen = []
        for block, memory in zip(self.blocks, memories or [None] * len(self.blocks), strict=True):
            x, memory = block(x, memory)
            seen.append(memory)
        return self.norm(x), seen
