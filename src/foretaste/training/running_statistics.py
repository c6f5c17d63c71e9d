"""Batch norms, whose running statistics are those of whole global batches.

In training a batch norm normalises what one process sees in one part of a batch, by that part's own mean and
variance: cut into other parts a training is another one. What a norm keeps for scoring is exact all the same:
mean and variance over all parts of all processes, taken over once a step as torch does for one batch.
"""

from __future__ import annotations

from functools import partial

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from foretaste.contracts.errors import DataError


class RunningStatistics:
    """Those of every batch norm of ``model``, until ``leave``; one in evaluation mode is left alone."""

    def __init__(self, model: nn.Module):
        self._norms = [
            norm for norm in model.modules() if isinstance(norm, _BatchNorm) and norm.track_running_stats
        ]
        self._momenta = [norm.momentum for norm in self._norms]
        self._hooks = [norm.register_forward_hook(self._seen) for norm in self._norms]
        for name, norm in model.named_modules():
            if isinstance(norm, _BatchNorm):
                self._hooks.append(norm.register_forward_pre_hook(partial(_check, name)))
        self._sums: dict[_BatchNorm, Tensor] = {}
        for norm in self._norms:
            norm.momentum = 0.0  # torch itself changes nothing

    def update(self, accelerator: Accelerator) -> None:
        """Take over what the parts of a step showed, here and in the other processes."""
        if not self._norms:
            return
        sums = torch.cat([self._sums.get(norm, _nothing(norm)) for norm in self._norms])
        sums = accelerator.reduce(sums, "sum").split([1 + 2 * norm.num_features for norm in self._norms])
        for norm, momentum, found in zip(self._norms, self._momenta, sums, strict=True):
            if found[0]:
                _take_over(norm, momentum, found)
        self._sums.clear()

    def leave(self) -> None:
        """Leave the norms as they were built."""
        for norm, momentum in zip(self._norms, self._momenta, strict=True):
            norm.momentum = momentum
        for hook in self._hooks:
            hook.remove()

    def _seen(self, norm: _BatchNorm, inputs: tuple[Tensor], _: Tensor) -> None:
        if norm.training:
            norm.num_batches_tracked -= 1  # a part is no batch
            self._sums[norm] = self._sums.get(norm, _nothing(norm)) + _sums(inputs[0].detach())


def _check(name: str, norm: _BatchNorm, inputs: tuple[Tensor]) -> None:
    """DataError where ``norm`` would have to take the variance of one value: the variance of nothing."""
    shape = inputs[0].shape
    if norm.training and inputs[0].numel() == shape[1]:
        raise DataError(
            f"one value a channel, {tuple(shape)}",
            f"batch norm {name}",
            "at least two samples in every part of a batch, the last of an epoch too",
            "choose another batch, fewer parts (accumulate) or fewer processes",
        )


def _nothing(norm: _BatchNorm) -> Tensor:
    return torch.zeros(1 + 2 * norm.num_features, dtype=torch.float64, device=norm.running_mean.device)


def _sums(values: Tensor) -> Tensor:
    """(1 + 2 D,) float64 of (B, D, ...): how many there are of each channel, their sums, sums of squares."""
    others = [dim for dim in range(values.dim()) if dim != 1]
    count = values.new_full((1,), values.numel() // values.shape[1], dtype=torch.float64)
    squares = torch.linalg.vector_norm(values, dim=others, dtype=torch.float64).square()
    return torch.cat([count, values.sum(others, dtype=torch.float64), squares])


def _take_over(norm: _BatchNorm, momentum: float | None, found: Tensor) -> None:
    count = found[0]
    mean, square = (found[1:] / count).split(norm.num_features)
    variance = (square - mean.square()).clamp(min=0) * count / (count - 1)
    norm.num_batches_tracked += 1
    share = 1 / float(norm.num_batches_tracked) if momentum is None else momentum
    norm.running_mean.lerp_(mean.to(norm.running_mean), share)
    norm.running_var.lerp_(variance.to(norm.running_var), share)
