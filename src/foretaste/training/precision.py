"""What ``precision`` means: where batches lie, in which type the network computes, and in which the losses
do.

It is one of training: bf16 and fp64 end, as fp32 does, in a model in fp32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from foretaste.contracts.batch import Batch, Outputs


def place(batch: Batch, device: torch.device, precision: str) -> Batch:
    """The batch on ``device``, in memory of torch's own. It travels as the view gives it (pixels uint8,
    features float16); there its floating-point inputs are turned to double with fp64, to single otherwise.

    On a CPU a matrix product may add up in another order where an operand begins at another remainder of 64
    bytes. torch's memory begins at a multiple of 64; numpy's begins where the process's earlier allocations
    left room, which differs after a resume.
    """
    batch = batch.to(device)
    return replace(
        batch,
        inputs=_all_own(batch.inputs, precision),
        beside={teacher: _all_own(inputs, precision) for teacher, inputs in batch.beside.items()},
    )


def _all_own(inputs: Mapping[str, Tensor], precision: str) -> dict[str, Tensor]:
    return {name: _own(tensor, precision) for name, tensor in inputs.items()}


def _own(tensor: Tensor, precision: str) -> Tensor:
    dtype = torch.float64 if precision == "fp64" else torch.float32
    if tensor.is_floating_point() and tensor.dtype != dtype:
        return tensor.to(dtype)
    return tensor.clone() if tensor.device.type == "cpu" else tensor


def forward(model: nn.Module, batch: Batch, precision: str) -> Outputs:
    """The network's outputs: computed under autocast with bf16, and given back in fp32, so that losses are
    never in bf16.
    """
    if precision != "bf16":
        return model(batch)
    with torch.autocast(next(iter(batch.inputs.values())).device.type, torch.bfloat16):
        outputs = model(batch)
    return Outputs(**{name: _widen(getattr(outputs, name)) for name in vars(outputs)})


def _widen(value: Tensor | Mapping[str, Tensor] | None) -> Tensor | dict[str, Tensor] | None:
    if isinstance(value, Mapping):
        return {name: tensor.float() for name, tensor in value.items()}
    return value if value is None else value.float()
