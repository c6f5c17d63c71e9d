"""What adding up the gradients of two processes costs a training: its share of a step, which is all that
adding up while the backward pass still runs could save.

    python bench/gradients.py [--only small] [--out bench/results/gradients.json]

AVT-h with random weights and data runs through the one training loop in two processes of one thread each on
the CPUs of one machine, which talk through gloo. In front of every summation the processes wait for each
other, so that a slow one's backward pass does not count as summation; that waiting is given by itself. Times
are medians over steps of the first process, without the first two steps; least and most say how far the share
of single steps goes, for the machine does other work beside.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from gpu import Clock, Enough, Sizes, student

from foretaste.pipeline.model_config import TermConfig
from foretaste.pipeline.training_config import LoopConfig
from foretaste.training import loop
from foretaste.training.objective import build_objective
from foretaste.training.processes import accelerator
from foretaste.training.samples import Loader

#: Students, and how many steps are timed.
STUDENTS = {
    "small": (Sizes(width=128, layers=2, features=512, actions=250, rows=256), 60),
    "large": (Sizes(width=1024, layers=6, features=1024, rows=256), 6),
}
PROCESSES = 2
#: Steps that are not counted: memory is taken, connections are made.
FIRST = 2


@contextmanager
def timed(waiting: list[float], adding: list[float]) -> Iterator[None]:
    """Note the seconds that every step waits for the other process, and then adds up."""
    add_up = loop.sum_gradients

    def noted(*arguments: Any) -> None:
        start = time.perf_counter()
        torch.distributed.barrier()
        together = time.perf_counter()
        add_up(*arguments)
        waiting.append(together - start)
        adding.append(time.perf_counter() - together)

    loop.sum_gradients = noted
    try:
        yield
    finally:
        loop.sum_gradients = add_up


def measure(sizes: Sizes, steps: int, folder: Path) -> dict[str, float]:
    """Milliseconds of a step and of its parts, and the share of summation."""
    torch.manual_seed(0)
    training = student(sizes, folder)
    clock = Clock(steps + FIRST, training.teacher)
    waiting: list[float] = []
    adding: list[float] = []
    config = LoopConfig(
        steps=steps + FIRST + 2, batch=training.batch, optimizer=training.optimizer, checkpoint_steps=10**9
    )
    objective = build_objective([TermConfig(**term) for term in training.terms])
    loaders = {"training": Loader(samples=training.samples, batch=training.batch)}
    with timed(waiting, adding), suppress(Enough):
        loop.fit(training.model, clock.targets, objective, loaders, config, folder)
    starts = clock.times[FIRST:]
    taken = [after - before for before, after in pairwise(starts)]
    counted = adding[FIRST : FIRST + len(taken)]
    shares = [100 * added / step for added, step in zip(counted, taken, strict=True)]
    return {
        "million_parameters": round(sum(p.numel() for p in training.model.parameters()) / 1e6, 2),
        "step_ms": _ms(taken),
        "waiting_ms": _ms(waiting[FIRST:]),
        "adding_up_ms": _ms(counted),
        "adding_up_per_cent": round(statistics.median(shares), 1),
        "least": round(min(shares), 1),
        "most": round(max(shares), 1),
    }


def _ms(seconds: Sequence[float]) -> float:
    return round(1e3 * statistics.median(seconds), 2)


def one_of_two(arguments: argparse.Namespace) -> None:
    """What each process does; the first one writes."""
    torch.set_num_threads(1)
    main = accelerator().is_main_process
    figures: dict[str, Mapping[str, Any] | str] = {
        "processes": f"{PROCESSES} of one thread, gloo, one machine",
        "on a GPU": "untested (NCCL)",
        "torch": torch.__version__,
    }
    for name in arguments.only:
        with tempfile.TemporaryDirectory() as folder:
            sizes, steps = STUDENTS[name]
            found = measure(sizes, steps, Path(folder))
        figures[f"{sizes.width} wide, {sizes.layers} layers, batch {sizes.student_batch}"] = found
        if main:
            print(name, found, flush=True)
    if main:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    torch.distributed.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=STUDENTS, default=list(STUDENTS), help="which students")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "gradients.json")
    arguments = parser.parse_args()
    if "WORLD_SIZE" in os.environ:
        one_of_two(arguments)
        return
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*torchrun, f"--nproc-per-node={PROCESSES}", __file__, *sys.argv[1:]]
    sys.exit(subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False).returncode)


if __name__ == "__main__":
    main()
