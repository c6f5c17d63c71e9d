"""What ``precision`` means: where batches lie, in which type the network computes, and in which the losses do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from foretaste.contracts.batch import Batch, Outputs


def place(batch: Batch, device: torch.device, precision: str) -> Batch:
    """The batch on ``device``; with fp64 its floating-point inputs are turned to double."""
    batch = batch.to(device)
    if precision != "fp64":
        return batch
    return replace(batch, inputs={name: t.double() if t.is_floating_point() else t for name, t in batch.inputs.items()})


def forward(model: nn.Module, batch: Batch, precision: str) -> Outputs:
    """The network's outputs: computed under autocast with bf16, and given back in fp32, so that losses are never in bf16."""
    if precision != "bf16":
        return model(batch)
    with torch.autocast(next(iter(batch.inputs.values())).device.type, torch.bfloat16):
        outputs = model(batch)
    return Outputs(**{name: _widen(getattr(outputs, name)) for name in vars(outputs)})


def _widen(value: Tensor | Mapping[str, Tensor] | None) -> Tensor | dict[str, Tensor] | None:
    if isinstance(value, Mapping):
        return {name: tensor.float() for name, tensor in value.items()}
    return value if value is None else value.float()
