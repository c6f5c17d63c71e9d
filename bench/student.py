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
import copy
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gpu
import loading
import numpy as np
import torch
from gpu import Enough, Rows, Sizes, Training
from torch import nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.scores.writer import RECORD, ScoreWriter
from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training import loop
from foretaste.training.objective import Objective, build_objective
from foretaste.training.optimizers import build_optimizer
from foretaste.training.progress import Progress
from foretaste.training.samples import Loader, Samples
from foretaste.training.targets import LiveTargets, Targets, open_targets

TEACHER = "teacher"
SEED = 0
#: Steps of a round that are not counted: memory is taken.
FIRST = 5
#: Steps that the loop and the bare steps take in turns: what one leaves in the caches is the other's burden.
TURN = 8
#: Width -> of what the student is made.
SIZES = {
    64: Sizes(width=64, layers=2, features=128, actions=90),
    512: Sizes(width=512, layers=2),
}
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


def settings(training: Training, steps: int) -> LoopConfig:
    """Of a loop that is broken off before it would write a checkpoint."""
    return LoopConfig(
        steps=steps + FIRST + 2,
        batch=training.batch,
        optimizer=training.optimizer,
        checkpoint_steps=10**9,
        checkpoint_minutes=10**6,
    )


def objective_of(training: Training) -> Objective:
    return build_objective([TermConfig(**term) for term in training.terms])


def in_memory(teacher: torch.Tensor) -> Targets:
    """A teacher's scores; a sample is called s and its row."""

    def targets(batch: Batch) -> dict[str, Outputs]:
        rows = torch.tensor([int(sample[1:]) for sample in batch.ids])
        return {TEACHER: Outputs(logits={"action": teacher[rows]})}

    return targets


def ours(training: Training, samples: Samples, targets: Targets, steps: int) -> dict[str, float]:
    """A round of the loop."""
    clock = Clock(steps, targets)
    loaders = {"training": Loader(samples=samples, batch=training.batch, seed=SEED)}
    with tempfile.TemporaryDirectory() as out, suppress(Enough):
        loop.fit(training.model, clock, objective_of(training), loaders, settings(training, steps), Path(out))
    training.model.zero_grad()
    return clock.ms()


def loss_of(outputs: Outputs, labels: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """The objective of ``gpu.student``, written down."""
    logits = outputs.logits["action"]
    top = teacher.topk(50).indices
    said = F.log_softmax(logits.gather(1, top) / 5.0, 1)
    taught = F.log_softmax(teacher.gather(1, top) / 5.0, 1)
    distilled = 25.0 * (taught.exp() * (taught - said)).mean()
    ahead = F.mse_loss(outputs.next_features[:, :-1], outputs.features[:, 1:])
    return F.cross_entropy(logits, labels) + 2.0 * ahead + 20.0 * distilled


class Turns:
    """Targets of the loop's steps; before every eighth answer, the bare loop takes eight steps of its own."""

    def __init__(self, training: Training, turns: int):
        self._targets, self._turns = in_memory(training.teacher), turns
        self._bare = bare_steps(training)
        self._begun: tuple[float, float] | None = None
        self._asked = 0
        self.wall: list[tuple[float, float]] = []
        self.cpu: list[tuple[float, float]] = []

    def __call__(self, batch: Batch) -> Mapping[str, Outputs]:
        self._asked += 1
        if self._asked % TURN == 0:
            self._turn()
        return self._targets(batch)

    def _turn(self) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        own = time.thread_time()
        for _ in range(TURN):
            next(self._bare)
        bare_wall, bare_cpu = time.perf_counter() - wall, time.thread_time() - own
        if self._begun is not None:
            # What the thread that prepares batches did meanwhile is the loop's.
            self.wall.append(((wall - self._begun[0]) / TURN, bare_wall / TURN))
            self.cpu.append(((cpu - self._begun[1]) / TURN, bare_cpu / TURN))
        self._begun = time.perf_counter(), cpu + bare_cpu
        if len(self.wall) > self._turns + FIRST:
            raise Enough


def bare_steps(training: Training) -> Iterator[None]:
    """Forward, backward and update of a copy of the student, step by step."""
    model, teacher = copy.deepcopy(training.model).train(), training.teacher
    features = torch.from_numpy(training.samples.view.arrays["features"])
    labels = training.samples.labels["action"]
    optimizer = build_optimizer(model, settings(training, 1))
    order = Loader(samples=training.samples, batch=training.batch, seed=SEED)
    for _, _, positions in order.steps_from(0, 10**6):
        rows = torch.from_numpy(positions)
        outputs = model(Batch(ids=(), inputs={"features": features[rows].float()}))
        loss_of(outputs, labels[rows], teacher[rows]).backward()
        optimizer.step()
        optimizer.zero_grad()
        yield


def check_same(training: Training) -> None:
    """Both sides compute one objective."""
    batch = training.samples.batch(range(training.batch))
    batch = replace(batch, inputs={"features": batch.inputs["features"].float()})
    objective = objective_of(training)
    with torch.no_grad():
        outputs = training.model.eval()(batch)
        sums = objective.numerators(batch, outputs, in_memory(training.teacher)(batch))
        total = objective.total(sums, objective.denominators(batch).tolist())
        other = loss_of(outputs, batch.labels["action"], training.teacher[: training.batch])
    torch.testing.assert_close(total, other, rtol=1e-5, atol=1e-5)


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


def against_bare(width: int, turns: int) -> dict[str, Any]:
    """The loop and the bare steps of a student of this width."""
    training = made(width)
    check_same(training)
    clock = Turns(training, turns)
    loaders = {"training": Loader(samples=training.samples, batch=training.batch, seed=SEED)}
    with tempfile.TemporaryDirectory() as out, suppress(Enough):
        steps = settings(training, (turns + FIRST + 2) * TURN)
        loop.fit(training.model, clock, objective_of(training), loaders, steps, Path(out))
    figures = {}
    for name, pairs in (("wall", clock.wall[FIRST:]), ("cpu", clock.cpu[FIRST:])):
        figures[f"{name} ms a step"] = {
            "the loop": round(1e3 * statistics.median(a for a, _ in pairs), 2),
            "bare": round(1e3 * statistics.median(b for _, b in pairs), 2),
            "difference": round(1e3 * statistics.median(a - b for a, b in pairs), 2),
            "ratio": round(statistics.median(a / b for a, b in pairs), 3),
        }
    found = {**figures, "norm of the gradient, cpu ms": norm_ms(training.model)}
    print(json.dumps(found), flush=True)
    return found


def norm_ms(model: nn.Module) -> float:
    """CPU time of the norm of all gradients, which the loop takes in every step and the bare one never."""
    gradients = [torch.randn_like(parameter) for parameter in model.parameters()]
    taken = []
    for _ in range(50):
        start = time.process_time()
        torch.nn.utils.get_total_norm(gradients)
        taken.append(time.process_time() - start)
    return round(1e3 * statistics.median(taken), 2)


def made(width: int) -> Training:
    torch.manual_seed(SEED)
    return gpu.student(SIZES[width], Path())


def from_disk(width: int, rounds: int, steps: int, folder: Path) -> dict[str, Any]:
    """The loop on a feature store and a score cache, as a run has them, and on their numbers in memory."""
    loading.write_store(folder / "features.h5")
    stored = loading.loader(folder / "features.h5").samples
    sizes, training = SIZES[width], made(width)
    stored = replace(
        stored,
        rows=stored.rows[: sizes.rows],
        ids=stored.ids[: sizes.rows],
        labels=training.samples.labels,
    )
    space = gpu.space(sizes)
    writer = ScoreWriter(
        folder / "scores",
        record={name: None for name in RECORD if name != "classes"},
        classes=space,
        trained_on=["training"],
    )
    digests = [stored.view.digest(row) for row in stored.rows.tolist()]
    writer.write("training", stored.ids, digests, {"action": training.teacher.numpy()}, embedding=None)
    writer.finish()
    objective = objective_of(training)
    cached = open_targets({TEACHER: folder / "scores"}, objective, "training", stored.ids, space)
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
    gpu.write_language_model(folder, sizes)
    training, reader = made(width), gpu.text_teacher(sizes, folder)
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
