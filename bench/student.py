"""What the one training loop costs a student beside the bare forward, backward and update; features and
scores on disk beside the same in memory; a text teacher whose scores are kept beside the same teacher asked
in every step; and what checkpoints cost.

    python bench/student.py [--rounds 15] [--steps 12] [--out bench/results/student.json]

The student is AVT-h of 2 layers on 10 features, batch 32, with the published objective for EPIC-55 (labels,
next features, the teacher's top 50 actions), all data random, on one thread: 64 wide with features of 128 and
90 actions, as in the kitchen, 512 wide with features of 2,048 and 2,513 actions. Both sides
take turns in one process: the loop and the bare steps eight steps at a time, the others round by round (a
step's time is then the median of its round). Differences and ratios are medians over the pairs: of wall time,
which suffers from whatever else runs on the machine, and of CPU time of the whole process (the thread that
prepares batches included), which suffers less. The bare loop finds its rows in memory as the view of the
other does, and computes the same objective, which is checked; it logs nothing, adds nothing up, and looks for
no number that is not finite.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import loading
import numpy as np
import torch
from bare_steps import against_bare, loss_of
from random_trainings import Rows, Training, space, text_teacher, write_language_model
from small_students import FIRST, SEED, SIZES, TEACHER, in_memory, made, objective_of, settings
from timed_steps import Enough
from torch import nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.scores.writer import RECORD, ScoreWriter
from foretaste.settings.training_config import LoopConfig
from foretaste.training import loop
from foretaste.training.optimizers import build_optimizer
from foretaste.training.progress import Progress
from foretaste.training.samples import Loader, Samples
from foretaste.training.targets import LiveTargets, Targets, open_targets

#: Checkpoints an hour, as often as they are written by default.
AN_HOUR = 60 / LoopConfig.model_fields["checkpoint_minutes"].default


@dataclass
class Clock:
    """The times at which a step asks for its targets; breaks the training off after ``steps``."""

    steps: int
    targets: Targets
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def __call__(self, batch: Batch) -> Mapping[str, Outputs]:
        self.note()
        return self.targets(batch)

    def note(self) -> None:
        """One step more."""
        self.wall.append(time.perf_counter())
        self.cpu.append(time.process_time())
        if len(self.wall) > self.steps + FIRST:
            raise Enough

    def ms(self) -> dict[str, float]:
        """Medians of a step."""
        return {
            "wall": 1e3 * float(np.median(np.diff(self.wall)[FIRST:])),
            "cpu": 1e3 * float(np.median(np.diff(self.cpu)[FIRST:])),
        }


def ours(training: Training, samples: Samples, targets: Targets, steps: int) -> dict[str, float]:
    """A round of the loop."""
    clock = Clock(steps, targets)
    loaders = {"training": Loader(samples=samples, batch=training.batch, seed=SEED)}
    with tempfile.TemporaryDirectory() as out, suppress(Enough):
        loop.fit(training.model, clock, objective_of(training), loaders, settings(training, steps), Path(out))
    training.model.zero_grad()
    return clock.ms()


def in_turns(sides: Mapping[str, Callable[[], dict[str, float]]], rounds: int) -> dict[str, dict[str, float]]:
    """Wall and CPU milliseconds of a step of two sides, and how the first compares with the second."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            found[name].append(side())
    one, other = found.values()
    figures = {}
    for clock in ("wall", "cpu"):
        pairs = [(a[clock], b[clock]) for a, b in zip(one, other, strict=True)]
        figures[f"{clock} ms a step"] = {
            **{name: round(statistics.median(of[clock] for of in found[name]), 2) for name in sides},
            "difference": round(statistics.median(a - b for a, b in pairs), 2),
            "ratio": round(statistics.median(a / b for a, b in pairs), 3),
        }
    print(json.dumps(figures), flush=True)
    return figures


def from_disk(width: int, rounds: int, steps: int, folder: Path) -> dict[str, Any]:
    """The loop on a feature store and a score cache, as a run has them, and on their numbers in memory."""
    loading.write_store(folder / "features.h5")
    stored = loading.loader(folder / "features.h5").samples
    sizes, training = SIZES[width], made(width)
    # Windows that show the same features would have to have the same scores; the first of each are taken.
    every = {stored.view.digest(row): row for row in reversed(stored.rows.tolist())}
    rows = np.sort(np.fromiter(every.values(), dtype=np.int64))[: sizes.rows]
    stored = replace(stored, rows=rows, ids=training.samples.ids, labels=training.samples.labels)
    classes = space(sizes)
    writer = ScoreWriter(
        folder / "scores",
        record={name: None for name in RECORD if name != "classes"},
        classes=classes,
        trained_on=["training"],
    )
    digests = [stored.view.digest(row) for row in stored.rows.tolist()]
    writer.write("training", stored.ids, digests, {"action": training.teacher.numpy()}, embedding=None)
    writer.finish()
    objective = objective_of(training)
    cached = open_targets({TEACHER: folder / "scores"}, objective, "training", stored.ids, classes)
    fetched = stored.view.fetch(stored.rows.tolist())
    arrays = {"features": fetched.inputs["features"].numpy()}
    there = replace(stored, view=Rows(arrays), rows=np.arange(sizes.rows))
    return in_turns(
        {
            "from disk": lambda: ours(training, stored, cached, steps),
            "from memory": lambda: ours(training, there, in_memory(training.teacher), steps),
        },
        rounds,
    )


def kept_or_live(width: int, rounds: int, steps: int, folder: Path) -> dict[str, Any]:
    """The student taught by scores in memory, and by the text teacher itself."""
    sizes = SIZES[width]
    write_language_model(folder, sizes)
    training, reader = made(width), text_teacher(sizes, folder)
    live = LiveTargets({TEACHER: reader.model.eval()}, torch.device("cpu"), "fp32", None)
    beside = replace(training.samples, beside={TEACHER: reader.samples.view})
    return in_turns(
        {
            "scores are kept": lambda: ours(training, training.samples, in_memory(training.teacher), steps),
            "asked in every step": lambda: ours(training, beside, live, max(steps // 4, 3)),
        },
        rounds,
    )


def checkpoints(model: nn.Module, training: Training) -> dict[str, float]:
    """What keeping the state costs: bytes, seconds that the training waits, CPU seconds in all."""
    optimizer = build_optimizer(model, settings(training, 1))
    batch = training.samples.batch(range(training.batch))
    outputs = model(replace(batch, inputs={"features": batch.inputs["features"].float()}))
    loss_of(outputs, batch.labels["action"], training.teacher[: training.batch]).backward()
    optimizer.step()
    waited, spent = [], []
    with tempfile.TemporaryDirectory() as out, Progress(Path(out), {}, 1) as progress:
        progress.newest()
        for step in range(1, 6):
            cpu, wall = time.process_time(), time.perf_counter()
            progress.save(step, model, optimizer)
            waited.append(time.perf_counter() - wall)
            progress.settle()
            spent.append(time.process_time() - cpu)
        written = sum(path.stat().st_size for path in Path(out).glob("step-5/*"))
    return {
        "million parameters": round(sum(p.numel() for p in model.parameters()) / 1e6, 2),
        "checkpoints an hour": AN_HOUR,
        "mb an hour": round(AN_HOUR * written / 1e6, 1),
        "s an hour that the training waits": round(AN_HOUR * statistics.median(waited), 3),
        "cpu s an hour": round(AN_HOUR * statistics.median(spent), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="(default: %(default)s)")
    parser.add_argument("--steps", type=int, default=12, help="timed steps of a round (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "student.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rounds, steps = arguments.rounds, arguments.steps
    found: dict[str, Any] = {"torch": torch.__version__, "threads": 1, "rounds": rounds, "steps": steps}
    for width in SIZES:
        found[f"the loop, {width} wide"] = against_bare(width, rounds * steps // 4)
    with tempfile.TemporaryDirectory() as folder:
        found["features and scores, 512 wide"] = from_disk(512, rounds, steps, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        found["a text teacher, 512 wide"] = kept_or_live(512, rounds, steps, Path(folder))
    found["checkpoints"] = {f"{width} wide": checkpoints(made(width).model, made(width)) for width in SIZES}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
