"""Where this process stands among those that work on one training."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator


def accelerator() -> Accelerator:
    """One of the processes that torchrun started, or the only one; on the CPU where there is no other device.

    Saying ``cpu`` matters: without it accelerate takes each of several processes on a machine without a GPU
    for the only one. Its mixed precision stays off: what ``precision`` means is decided in ``precision``
    alone. On a GPU torch is told to add up in one order, where it has an algorithm that does (it warns where
    it has none): without that no resume is exact to the bit.
    """
    if torch.cuda.is_available():
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False
    return Accelerator(mixed_precision="no", cpu=not torch.accelerator.is_available())


@contextmanager
def together() -> Iterator[None]:
    """Decorates a stage that several processes may run: they end together, for one that leaves early takes
    the others down.
    """
    yield
    accelerator().wait_for_everyone()
    accelerator().end_training()
