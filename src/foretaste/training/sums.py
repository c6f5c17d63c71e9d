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
    return accelerator.reduce(total, "sum").tolist()


def from_main(accelerator: Accelerator, model: nn.Module) -> None:
    """Every process takes over the weights and buffers of the first."""
    if accelerator.num_processes > 1:
        for tensor in model.state_dict().values():
            torch.distributed.broadcast(tensor, 0)


def sum_gradients(accelerator: Accelerator, model: nn.Module) -> None:
    """Add up the gradients of all processes. A parameter without one anywhere stays without (it is not
    decayed either).
    """
    if accelerator.num_processes == 1:
        return
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    has = torch.tensor(
        [parameter.grad is not None for parameter in parameters], dtype=torch.int64, device=accelerator.device
    )
    used = [
        parameter
        for parameter, count in zip(parameters, accelerator.reduce(has, "sum").tolist(), strict=True)
        if count
    ]
    if not used:
        return
    flat = torch.cat([torch.zeros_like(p).view(-1) if p.grad is None else p.grad.reshape(-1) for p in used])
    summed = accelerator.reduce(flat, "sum")
    for parameter, gradient in zip(used, summed.split([p.numel() for p in used]), strict=True):
        parameter.grad = gradient.view_as(parameter).to(parameter.dtype)
