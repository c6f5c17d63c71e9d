"""Where this process stands among those that work on one training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator


def accelerator() -> Accelerator:
    """One of the processes that torchrun started, or the only one; on the CPU where there is no other device.

    Saying ``cpu`` matters: without it accelerate takes each of several processes on a machine without a GPU for the only one.
    Its mixed precision stays off: what ``precision`` means is decided in ``precision`` alone.
    """
    return Accelerator(mixed_precision="no", cpu=not torch.accelerator.is_available())


@contextmanager
def together() -> Iterator[None]:
    """Decorates a stage that several processes may run: they end together, for one that leaves early takes the others down."""
    yield
    accelerator().wait_for_everyone()
    accelerator().end_training()
