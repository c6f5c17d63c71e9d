"""Parts that transformers over pictures and clips share, under the names that timm gave their parameters."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PatchEmbed(nn.Module):
    """(B, channels, H, W) -> (B, N, D): one vector a patch, row by row."""

    def __init__(self, patch: int, width: int, channels: int):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, kernel_size=patch, stride=patch)

    def forward(self, frames: Tensor) -> Tensor:
        return self.proj(frames).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Self-attention of all tokens with all."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        )  # (B, heads, N, D / heads)
        return self.proj(_attend(query, key, value).transpose(1, 2).flatten(2))


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """softmax(q k / sqrt(d)) v, of (B, heads, N, d)."""
    if query.device.type == "cpu" and query.dtype == torch.bfloat16:
        # On CPUs the fused attention takes two to four times as long in bf16, most of it backwards.
        return ((query * query.shape[-1] ** -0.5) @ key.mT).softmax(-1) @ value
    return F.scaled_dot_product_attention(query, key, value)


class Mlp(nn.Module):
    """Two linear layers with a GELU between, 4 D wide."""

    def __init__(self, width: int):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class DropPath(nn.Module):
    """In training each row of a batch is zeroed with probability ``rate``, and the others grow by as much
    (stochastic depth, Huang et al. 2016, arXiv:1603.09382).
    """

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= self.rate
        return x * (kept / (1 - self.rate)).to(x.dtype)


def truncated_normal(model: nn.Module) -> None:
    """First weights of every linear layer, as in the papers: spread 0.02, and no bias."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
