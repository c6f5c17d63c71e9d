"""Where this process stands among those that work on one training."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator

from foretaste.training.arithmetic import compute
from foretaste.training.samples import Share


def accelerator() -> Accelerator:
    """One of the processes that torchrun started, or the only one; on the CPU where there is no other device.

    Saying ``cpu`` matters: without it accelerate takes each of several processes on a machine without a GPU
    for the only one. Its mixed precision stays off: what ``precision`` means is decided in ``precision``
    alone. On a GPU the process computes in fp32 and adds up in one order, but where a training asks for less.
    """
    if torch.cuda.is_available():
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        compute(tf32=False, deterministic=True)
        torch.utils.deterministic.fill_uninitialized_memory = False
    return Accelerator(mixed_precision="no", cpu=not torch.accelerator.is_available())


def share(accelerator: Accelerator, accumulate: int) -> Share:
    """This process's pieces of every batch where each process cuts its part into ``accumulate``."""
    return Share(
        first=accelerator.process_index * accumulate,
        count=accumulate,
        total=accelerator.num_processes * accumulate,
    )


@contextmanager
def together() -> Iterator[None]:
    """Decorates a stage that several processes may run: they end together, for one that leaves early takes
    the others down.
    """
    yield
    accelerator().wait_for_everyone()
    accelerator().end_training()
