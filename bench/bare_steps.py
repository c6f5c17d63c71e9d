"""The bare forward, backward and update of a student, and the loop beside them."""

from __future__ import annotations

import copy
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from random_trainings import Training
from small_students import FIRST, SEED, in_memory, made, objective_of, settings
from timed_steps import Enough
from torch import nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.training import loop
from foretaste.training.optimizers import build_optimizer
from foretaste.training.samples import Loader

#: Steps that the loop and the bare steps take in turns: what one leaves in the caches is the other's burden.
TURN = 8


def loss_of(outputs: Outputs, labels: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """The objective of ``random_trainings.student``, written down."""
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
