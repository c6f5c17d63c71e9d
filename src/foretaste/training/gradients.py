"""Adding up the gradients of all processes, while the last backward pass of a step is still running.

No wrapper around the network does it, such as torch's DistributedDataParallel: a process whose piece of a
batch is empty, or has no label, runs no backward pass at all, and counts for exactly nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

#: What is sent at once, in bytes: little enough to begin early, enough to be worth sending.
BUCKET_BYTES = 2**24


class GradientSum:
    """The gradients of one network, as buckets that every process sends in the same order: that of the
    backward pass. A bucket goes when its last gradient is there, and those before it have gone.
    """

    def __init__(self, accelerator: Accelerator, model: nn.Module, bucket_bytes: int = BUCKET_BYTES):
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._alone = accelerator.num_processes == 1
        self._buckets = [] if self._alone else _buckets(parameters, bucket_bytes)
        number = {parameter: place for place, bucket in enumerate(self._buckets) for parameter in bucket}
        self._hooks = [
            parameter.register_post_accumulate_grad_hook(lambda _, place=place: self._there(place))
            for parameter, place in number.items()
        ]
        self._last = False
        self._begin()

    def last_backward(self) -> None:
        """The backward pass that comes is this process's last of the step: its gradients are final."""
        self._last = True

    def add_up(self) -> None:
        """Leave in every parameter the sum over all processes. A parameter without a gradient anywhere stays
        without (it is not decayed either).
        """
        while len(self._sent) < len(self._buckets):
            self._send()
        flags = []
        for bucket, (flat, work) in zip(self._buckets, self._sent, strict=True):
            work.wait()
            flags.append(flat[-len(bucket) :])
        used = torch.cat(flags).tolist() if flags else []  # one look at the device for all of them
        for bucket, (flat, _) in zip(self._buckets, self._sent, strict=True):
            gradients = flat[: -len(bucket)].split([parameter.numel() for parameter in bucket])
            for parameter, gradient in zip(bucket, gradients, strict=True):
                parameter.grad = gradient.view_as(parameter) if used.pop(0) else None
        self._last = False
        self._begin()

    def leave(self) -> None:
        """Take the hooks off the network."""
        for hook in self._hooks:
            hook.remove()

    def _begin(self) -> None:
        self._waited_for = [len(bucket) for bucket in self._buckets]
        self._sent: list[tuple[Tensor, Any]] = []

    def _there(self, place: int) -> None:
        """A gradient of a bucket is there."""
        if not self._last:
            return
        self._waited_for[place] -= 1
        while len(self._sent) < len(self._buckets) and not self._waited_for[len(self._sent)]:
            self._send()

    def _send(self) -> None:
        """Begin to add up the next bucket: its gradients, and for each whether there is one."""
        bucket = self._buckets[len(self._sent)]
        parts = [
            torch.zeros_like(parameter).view(-1) if parameter.grad is None else parameter.grad.reshape(-1)
            for parameter in bucket
        ]
        there = [float(parameter.grad is not None) for parameter in bucket]
        flat = torch.cat([*parts, parts[0].new_tensor(there)])
        self._sent.append((flat, torch.distributed.all_reduce(flat, async_op=True)))


def _buckets(parameters: Sequence[nn.Parameter], most: int) -> list[list[nn.Parameter]]:
    """The parameters, the last one first, in groups of one type and of at most so many bytes (or of one
    parameter).
    """
    buckets: list[list[nn.Parameter]] = []
    held = 0
    for parameter in reversed(parameters):
        size = parameter.numel() * parameter.element_size()
        if not buckets or held + size > most or parameter.dtype != buckets[-1][0].dtype:
            buckets.append([])
            held = 0
        buckets[-1].append(parameter)
        held += size
    return buckets
