"""Where this process stands among those that work on one training."""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from accelerate import Accelerator
from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from foretaste.contracts.errors import DataError
from foretaste.pipeline import ranks
from foretaste.training.arithmetic import compute
from foretaste.training.interruptions import END
from foretaste.training.samples import Share

#: Seconds that processes which are told to end have for their last checkpoint.
END_S = 600


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


def launch(arguments: Sequence[str], processes: int) -> None:
    """Run ``foretaste <arguments>`` in several processes of this machine, as torchrun does. When one fails
    the others are ended.

    Raises the error of the first that failed, KeyboardInterrupt for an interrupt, and SystemExit where they
    were told to end, which they have said themselves.
    """
    logging.disable(logging.CRITICAL)  # torch's launcher would repeat what is raised
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        shutdown_timeout=END_S,
        signals_to_handle="SIGTERM,SIGINT",
    )
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with TemporaryDirectory() as words:
        os.environ |= {ranks.LAUNCHER: str(os.getpid()), ranks.WORDS: words}
        try:
            elastic_launch(config, sys.executable)("-m", "foretaste", *arguments)
        except SignalException as error:
            ended = KeyboardInterrupt if error.sigval == signal.SIGINT else SystemExit(128 + error.sigval)
            raise ended from error
        except ChildFailedError as error:
            rank, failure = error.get_first_failure()
            if failure.exitcode == END:
                raise SystemExit(END) from error
            how = failure.signal_name() if failure.exitcode < 0 else f"exit code {failure.exitcode}"
            raise ranks.word_of(rank, Path(words)) or DataError(
                f"ended with {how}",
                f"process {rank} of {processes}",
                "a process that lives as long as its step",
                "the log says how far it came",
            ) from error
        finally:
            for name in (ranks.LAUNCHER, ranks.WORDS):
                del os.environ[name]
            for number, handler in before.items():
                signal.signal(number, handler)


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
