"""Time of training steps of the loop on a GPU, in fp32, TF32 and bf16, with the optimizer's update in one
kernel and in many.

    python bench/gpu.py [--steps 30] [--tiny] [--only student] [--out bench/results/gpu.json]

Three trainings with random weights and data: the published student (AVT-h, 2048 wide, 12 layers, on features
of irCSN-152, taught by a teacher's top 50 of 2,513 actions), a text teacher of MiniLM's size, and masked
language modelling of that size. Each runs through the one training loop, from fetching a batch to the update;
times are medians over steps, after the GPU has ended its work, without the first ones. The loop is broken off
before it would write a checkpoint. ``--tiny`` is for a machine without a GPU: it shows that the script runs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import accelerate
import torch
import transformers
from random_trainings import TINY, TRAININGS, Sizes, Training, write_language_model
from timed_steps import Clock, Enough

from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training import loop
from foretaste.training.objective import build_objective
from foretaste.training.processes import accelerator
from foretaste.training.samples import Loader


@contextmanager
def update_in(kernels: str) -> Iterator[None]:
    """The loop's optimizers as they are (``fused``), or made to update operation by operation
    (``unfused``).
    """
    build = loop.build_optimizer

    def changed(*arguments: Any) -> torch.optim.Optimizer:
        optimizer = build(*arguments)
        for group in optimizer.param_groups:
            group["fused"] = kernels == "fused"
        return optimizer

    loop.build_optimizer = changed
    try:
        yield
    finally:
        loop.build_optimizer = build


def measure(training: Training, precision: str, kernels: str, steps: int) -> dict[str, float | None]:
    """Median time of a step, what passes a second, and the most memory that was taken."""
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    first = max(steps // 5, 1)
    config = LoopConfig(
        steps=steps + 2,
        batch=training.batch,
        optimizer=training.optimizer,
        precision="bf16" if precision == "bf16" else "fp32",
        tf32=precision == "tf32",
        checkpoint_steps=10**9,
    )
    objective, clock = (
        build_objective([TermConfig(**term) for term in training.terms]),
        Clock(steps, training.teacher),
    )
    loaders = {"training": Loader(samples=training.samples, batch=training.batch)}
    with tempfile.TemporaryDirectory() as out, update_in(kernels):
        try:
            loop.fit(training.model, clock.targets, objective, loaders, config, Path(out))
        except Enough:
            training.model.zero_grad()
    seconds = statistics.median(b - a for a, b in zip(clock.times[first:], clock.times[first + 1 :]))
    samples = training.batch / seconds
    return {
        "step_ms": round(1e3 * seconds, 3),
        "samples_per_s": round(samples, 1),
        "tokens_per_s": round(samples * training.tokens),
        "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if on_gpu else None,
    }


def run(
    make: Callable[[Sizes, Path], Training], sizes: Sizes, folder: Path, steps: int
) -> tuple[str, dict[str, Any]]:
    """What one training is, and its figures by precision and update."""
    torch.manual_seed(0)
    training = make(sizes, folder)
    figures = {}
    for precision in ("fp32", "tf32", "bf16"):
        for kernels in ("fused", "unfused"):
            figures[f"{precision}_{kernels}"] = found = measure(training, precision, kernels, steps)
            print(
                f"{make.__name__:14}{precision:6}{kernels:9}{found['step_ms']:10.2f} ms"
                f" {found['samples_per_s']:10.0f} samples/s",
                flush=True,
            )
    return training.what, figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--steps", type=int, default=30, help="timed steps of each training (default: %(default)s)"
    )
    parser.add_argument("--tiny", action="store_true", help="small sizes, for a machine without a GPU")
    parser.add_argument(
        "--only", nargs="+", choices=TRAININGS, default=list(TRAININGS), help="which trainings"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "gpu.json")
    arguments = parser.parse_args()
    sizes, device = TINY if arguments.tiny else Sizes(), accelerator().device
    figures: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else str(device),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "accelerate": accelerate.__version__,
        "transformers": transformers.__version__,
        "steps": arguments.steps,
    }
    with tempfile.TemporaryDirectory() as folder:
        write_language_model(Path(folder), sizes)
        for name in arguments.only:
            figures[f"{name} is"], figures[name] = run(TRAININGS[name], sizes, Path(folder), arguments.steps)
    print(json.dumps(figures))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
