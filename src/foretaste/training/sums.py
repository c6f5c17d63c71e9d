"""What the processes of a training add up or share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from torch import Tensor, nn


def total_of(accelerator: Accelerator, parts: Sequence[Tensor], width: int) -> list[float]:
    """The sum of (width,) float64 vectors over the parts of all processes."""
    total = sum(
        (part.to(accelerator.device) for part in parts),
        torch.zeros(width, dtype=torch.float64, device=accelerator.device),
    )
    alone = accelerator.num_processes == 1
    return (total if alone else accelerator.reduce(total, "sum")).tolist()


def from_main(accelerator: Accelerator, model: nn.Module) -> None:
    """Every process takes over the weights and buffers of the first."""
    if accelerator.num_processes > 1:
        for tensor in model.state_dict().values():
            torch.distributed.broadcast(tensor, 0)
