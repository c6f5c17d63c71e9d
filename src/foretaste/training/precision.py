"""What ``precision`` means: where batches lie, in which type the network computes, and in which the losses
do.

It is one of training: bf16, fp16 and fp64 end, as fp32 does, in a model in fp32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from foretaste.contracts.batch import Batch, Outputs

#: What autocast computes in.
HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def own(tensor: Tensor) -> Tensor:
    """The tensor in memory of torch's own, as far as that changes anything.

    On a CPU a matrix product may add up in another order where an operand begins at another remainder of 64
    bytes. torch's memory begins at a multiple of 64; numpy's begins where the process's earlier allocations
    left room, which differs after a resume.
    """
    return tensor.clone() if tensor.device.type == "cpu" and tensor.data_ptr() % 64 else tensor


def place(batch: Batch, device: torch.device, precision: str) -> Batch:
    """The batch on ``device``, in memory of torch's own. It travels as the view gives it (pixels uint8,
    features float16); there its floating-point inputs are turned to double with fp64, to single otherwise.
    """
    batch = batch.to(device)
    return replace(
        batch,
        inputs=_widened(batch.inputs, precision),
        beside={teacher: _widened(inputs, precision) for teacher, inputs in batch.beside.items()},
    )


def _widened(inputs: Mapping[str, Tensor], precision: str) -> dict[str, Tensor]:
    wide = torch.float64 if precision == "fp64" else torch.float32
    return {
        name: own(tensor).to(wide) if tensor.is_floating_point() else own(tensor)
        for name, tensor in inputs.items()
    }


def forward(network: Callable[[Batch], Outputs], batch: Batch, precision: str) -> Outputs:
    """The network's outputs: computed under autocast with bf16 and fp16, and given back in fp32, so that
    losses never are in those.
    """
    if precision not in HALVES:
        return network(batch)
    with torch.autocast(next(iter(batch.inputs.values())).device.type, HALVES[precision]):
        outputs = network(batch)
    return Outputs(**{name: _widen(getattr(outputs, name)) for name in vars(outputs)})


def _widen(value: Tensor | Mapping[str, Tensor] | None) -> Tensor | dict[str, Tensor] | None:
    if isinstance(value, Mapping):
        return {name: tensor.float() for name, tensor in value.items()}
    return value if value is None else value.float()
