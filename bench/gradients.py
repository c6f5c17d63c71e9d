"""What it saves two processes to add up their gradients while the backward pass still runs.

    python bench/gradients.py [--only small] [--out bench/results/gradients.json]

AVT-h with random weights and data runs through the one training loop in two processes of one thread each on
the CPUs of one machine, which talk through gloo. Every second step holds the sums back until its backward
pass has ended, as if nothing could be sent before; the others send as they do. Times are medians over steps
of the first process, without the first ones: of a step, and of what of the summation is left when the
backward pass has ended (waiting for the slower process included). The ratio is the median over pairs of
neighbours.
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
from random_trainings import Sizes, student
from timed_steps import Clock, Enough

from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training import loop
from foretaste.training.gradients import GradientSum
from foretaste.training.objective import build_objective
from foretaste.training.processes import accelerator
from foretaste.training.samples import Loader

#: Students, and how many steps are timed.
STUDENTS = {
    "small": (Sizes(width=128, layers=2, features=512, actions=250, rows=256), 60),
    "large": (Sizes(width=1024, layers=6, features=1024, rows=256), 12),
}
PROCESSES = 2
#: Steps that are not counted: memory is taken, connections are made.
FIRST = 2


@contextmanager
def timed(left: list[float]) -> Iterator[None]:
    """Note the seconds that every step still adds up after its backward pass; every second one holds back."""
    last_backward, add_up = GradientSum.last_backward, GradientSum.add_up

    def held_back(self: GradientSum) -> None:
        if len(left) % 2:
            last_backward(self)

    def noted(self: GradientSum) -> None:
        start = time.perf_counter()
        add_up(self)
        left.append(time.perf_counter() - start)

    GradientSum.last_backward, GradientSum.add_up = held_back, noted
    try:
        yield
    finally:
        GradientSum.last_backward, GradientSum.add_up = last_backward, add_up


def measure(sizes: Sizes, steps: int, folder: Path) -> dict[str, float]:
    """Milliseconds of a step and of the summation that is left after its backward pass, both ways."""
    torch.manual_seed(0)
    training = student(sizes, folder)
    clock = Clock(steps + FIRST, training.teacher)
    left: list[float] = []
    config = LoopConfig(
        steps=steps + FIRST + 2, batch=training.batch, optimizer=training.optimizer, checkpoint_steps=10**9
    )
    objective = build_objective([TermConfig(**term) for term in training.terms])
    loaders = {"training": Loader(samples=training.samples, batch=training.batch)}
    with timed(left), suppress(Enough):
        loop.fit(training.model, clock.targets, objective, loaders, config, folder)
    taken = [after - before for before, after in pairwise(clock.times)][FIRST:]
    left = left[FIRST:]
    held, sent = taken[::2], taken[1::2]
    return {
        "million_parameters": round(sum(p.numel() for p in training.model.parameters()) / 1e6, 2),
        "step_held_back_ms": _ms(held),
        "step_ms": _ms(sent),
        # The last step held back may have no neighbour.
        "ratio": round(statistics.median(b / a for a, b in zip(held, sent, strict=False)), 3),
        "left_held_back_ms": _ms(left[::2]),
        "left_ms": _ms(left[1::2]),
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
