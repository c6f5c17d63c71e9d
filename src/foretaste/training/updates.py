"""One step of a training: the gradient of a global batch, and the update of the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.settings.training_config import LoopConfig
from foretaste.training.gradients import GradientSum
from foretaste.training.loss_scale import LossScale
from foretaste.training.objective import Objective
from foretaste.training.precision import forward, place
from foretaste.training.running_statistics import RunningStatistics
from foretaste.training.samples import Loader, Share
from foretaste.training.schedule import learning_rate
from foretaste.training.sound_numbers import check_finite
from foretaste.training.sums import total_of
from foretaste.training.targets import Targets
from foretaste.training.weight_average import WeightAverage


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training: what its steps have in common.

    network
        What computes the outputs with the model's parameters: the model itself, or that compiled.
    steps
        Of the whole training; ``loader.steps`` of them are an epoch.
    share
        The pieces of a batch that this process works on.
    """

    accelerator: Accelerator
    model: nn.Module
    network: Callable[[Batch], Outputs]
    targets: Targets
    objective: Objective
    optimizer: torch.optim.Optimizer
    average: WeightAverage
    statistics: RunningStatistics
    gradients: GradientSum
    scale: LossScale
    loader: Loader
    config: LoopConfig
    steps: int
    share: Share

    def rate(self, base: float, step: int) -> float:
        """The learning rate of ``step`` (from 0) where ``base`` is that of a group."""
        return learning_rate(self.config.schedule, base, step, self.loader.steps, self.steps)


def take_step(run: Run, step: int, pieces: Sequence[Batch | None]) -> dict[str, Any]:
    """One update, from the pieces of a global batch that are this process's; returns its line of the log."""
    for group in run.optimizer.param_groups:
        group["lr"] = run.rate(group["base"], step)
    values = _backward(run, step, pieces)
    for term, value in zip(run.objective.terms, values, strict=True):
        check_finite(term.name, value, step)
    norm = update(run, step)
    weighted = [
        term.config.weight * value
        for term, value in zip(run.objective.terms, values, strict=True)
        if value is not None
    ]
    return {
        "epoch": step // run.loader.steps + 1,
        "step": step + 1,
        "lr": run.rate(run.config.optimizer.lr, step),
        "loss": sum(weighted),
        "parts": {term.name: value for term, value in zip(run.objective.terms, values, strict=True)},
        "gradient_norm": norm,
        **run.scale.told(),
    }


def _backward(run: Run, step: int, pieces: Sequence[Batch | None]) -> list[float | None]:
    """Leave the gradient of the objective in the parameters; returns the value of each term. Both are over
    the whole global batch: None where no sample of it counts.
    """
    objective, terms = run.objective, len(run.objective.terms)
    if not run.model.training:  # it was monitored; to say so again to every layer takes its time
        run.model.train()
    mine = {part: piece for part, piece in enumerate(pieces, run.share.first) if piece is not None}
    denominators = total_of(
        run.accelerator, [objective.denominators(piece) for piece in mine.values()], terms
    )
    numerators, last = [], max(mine, default=None)
    for part, piece in mine.items():
        # Dropout is a function of (seed, step, part): there is no generator state to keep or to lose.
        seed = np.random.SeedSequence([run.loader.seed, step, part]).generate_state(1, np.uint64)[0] >> 1
        _seed(int(seed), run.accelerator.device)
        placed = place(piece, run.accelerator.device, run.config.precision)
        outputs = forward(run.network, placed, run.config.precision)
        values = objective.numerators(placed, outputs, run.targets(placed))
        total = objective.total(values, denominators)
        if isinstance(total, Tensor) and total.requires_grad:
            if part == last:
                run.gradients.last_backward()
            run.scale.up(total).backward()
        numerators.append(torch.stack([value.detach().double() for value in values]))
    run.gradients.add_up()
    sums = total_of(run.accelerator, numerators, terms)
    return [value / count if count else None for value, count in zip(sums, denominators, strict=True)]


def _seed(seed: int, device: torch.device) -> None:
    """What dropout draws on ``device``. (``torch.manual_seed`` also notes a traceback for each kind of device
    that is not there.)
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


def update(run: Run, step: int) -> float | None:
    """Change the weights; returns the norm of the gradient, None where it overflowed in fp16 and nothing was
    changed.
    """
    run.statistics.update(run.accelerator)
    optimized = (parameter for group in run.optimizer.param_groups for parameter in group["params"])
    trained = [parameter for parameter in optimized if parameter.grad is not None]
    gradients = [parameter.grad for parameter in trained]
    run.scale.down(gradients)
    norm = torch.nn.utils.get_total_norm(gradients)
    if run.scale.overflowed(norm):
        run.optimizer.zero_grad()
        return None
    check_finite("gradient norm", float(norm), step)
    if run.config.clip_norm is not None:
        torch.nn.utils.clip_grads_with_norm_(trained, run.config.clip_norm, norm)
    run.optimizer.step()
    run.average.update(step, trained)
    run.optimizer.zero_grad()
    return float(norm)
