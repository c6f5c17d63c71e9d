"""The one training loop: teachers, students, backbones and language models.

    samples = join(view, table, rows)
    loaders = {"training": Loader(samples=samples, batch=config.batch, seed=seed, buckets=config.buckets)}
    objective = build_objective(terms, class_counts(samples))
    fit(model, no_targets, objective, loaders, config, out)

It is started as one process, or as several by ``torchrun``: the same global batches, the same objective,
hence the same weights up to the order of summation (with dropout: those of one process with ``accumulate`` as
many parts). Left out on purpose: early stopping and picking a best epoch (the last one is the result, as
published), and wrappers around the network: the gradients of all processes are added up by ``gradients``,
because only then a process whose piece of a batch is empty, or has no label, counts for exactly nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn

from foretaste.contracts.errors import DataError
from foretaste.pipeline import console
from foretaste.pipeline.interruption import END
from foretaste.settings.training_config import LoopConfig
from foretaste.training import processes
from foretaste.training.arithmetic import computing
from foretaste.training.compiling import compiled
from foretaste.training.gradients import GradientSum
from foretaste.training.interruptions import Interruptions
from foretaste.training.joining import join, leave
from foretaste.training.loss_scale import LossScale
from foretaste.training.monitor import is_observed, observe
from foretaste.training.objective import Objective
from foretaste.training.optimizers import build_optimizer
from foretaste.training.progress import Progress, frozen_digest
from foretaste.training.running_statistics import RunningStatistics
from foretaste.training.samples import Loader
from foretaste.training.schedule import check_fits
from foretaste.training.sound_numbers import check_finite, check_weights
from foretaste.training.stream import Stream, workers
from foretaste.training.sums import from_main, total_of
from foretaste.training.targets import Targets
from foretaste.training.trackers import Tracked, Trackers
from foretaste.training.updates import Run, take_step
from foretaste.training.weight_average import WeightAverage

#: Settings of a training that may change between a kill and the next start.
MAY_CHANGE = {"checkpoint_minutes", "checkpoint_steps", "accumulate", "workers", "worker_timeout_s"}


def fit(
    model: nn.Module,
    targets: Targets,
    objective: Objective,
    loaders: Mapping[str, Loader],
    config: LoopConfig,
    out: Path,
    tracked: Tracked | None = None,
) -> None:
    """Train ``model`` in place; it ends on the device it was trained on, in training mode and, whatever it
    was trained in, in fp32, with its average weights where ``config.average`` asks for them.

    loaders
        ``training``, and any others are monitors: after each epoch (of many, after every so many:
        ``monitor.is_observed``) the loss and top-1 of every head on their rows goes into the log. They change
        nothing else.
    out
        Folder that survives a kill: ``log.jsonl`` (one line a step: epoch, step, lr, loss, parts,
        gradient_norm, which is null where it overflowed in fp16; one a monitor and epoch) and the last
        checkpoint. Called again with it, the training goes on where it was, to the bit (on a GPU, unless it
        is told not to be deterministic), and one that has ended only loads its result.
    tracked
        Who else is told what is logged.

    Raises ConfigError for a schedule that is longer than the training. Raises DataError, before the update,
    when a term of the objective or the gradient is not finite; before anything is monitored or kept, when an
    update has left a weight that is not; and when a process that prepares batches dies or keeps silent.
    """
    accelerator = processes.accelerator()
    loader = loaders["training"]
    if not len(loader.samples):
        raise DataError(
            "no samples to train on",
            "training split",
            "at least one usable sample",
            "look at dropped_because in the samples table",
        )
    steps = config.steps or config.epochs * loader.steps
    check_fits(config.schedule, loader.steps, steps)
    model.to(accelerator.device, torch.float64 if config.precision == "fp64" else None)
    order = config.deterministic
    with (
        computing(accelerator.device, tf32=config.tf32, deterministic=order),
        compiled(model, accelerator.device, on=config.compile, deterministic=order) as network,
    ):
        scale = LossScale(config.precision == "fp16").to(accelerator.device)
        join(model, objective, targets, loader, accelerator.device, config.precision, scale)
        optimizer = build_optimizer(model, config)
        run = Run(
            accelerator=accelerator,
            model=model,
            network=network,
            targets=targets,
            objective=objective,
            optimizer=optimizer,
            average=WeightAverage(optimizer, config.average),
            statistics=RunningStatistics(model),
            gradients=GradientSum(accelerator, model),
            scale=scale,
            loader=loader,
            config=config,
            steps=steps,
            share=processes.share(accelerator, config.accumulate),
        )
        with Progress(out, _identity(model, objective, loader, config), run.share.total) as progress:
            done = _resume(run, progress)
            if done < run.steps:
                _take_steps(run, progress, done, loaders, tracked)
    run.average.leave()
    run.statistics.leave()
    run.gradients.leave()
    leave(model)
    model.float()
    accelerator.wait_for_everyone()


def _resume(run: Run, progress: Progress) -> int:
    """How many steps are done. The first process decides where the training stands, the others take its
    word.
    """
    done = progress.newest() if run.accelerator.is_main_process else 0
    (done,) = map(int, total_of(run.accelerator, [torch.tensor([done], dtype=torch.float64)], 1))
    progress.restore(done, run.model, run.optimizer)
    from_main(run.accelerator, run.model)
    return done


def _take_steps(
    run: Run, progress: Progress, done: int, loaders: Mapping[str, Loader], tracked: Tracked | None
) -> None:
    """Every step that is not ``done``, with what is monitored, logged and kept after it."""
    run.model.train()
    config, monitors = run.config, {name: one for name, one in loaders.items() if name != "training"}
    shown = [loader.samples for loader in loaders.values()]
    main = run.accelerator.is_main_process
    with (
        Stream(shown, run.accelerator.device, workers(config)) as stream,
        Interruptions(config) as when,
        open(progress.log, "a", encoding="utf-8") if main else nullcontext() as log,
        Trackers(tracked if main else None, progress.log) as trackers,
    ):
        batches = stream.batches(run.loader.requests(done, run.steps, run.share))
        counted = console.track(batches, "training steps", run.steps - done)
        for step, pieces in enumerate(counted, done):
            wished = when.wished(run.accelerator)
            lines = [take_step(run, step, pieces)]
            taken = step + 1
            ended = taken % run.loader.steps == 0 or taken == run.steps
            due = wished or when.is_due(taken) or taken == run.steps
            if ended or due:
                check_weights(run.model, taken)
            if ended and is_observed(*_epochs(run, taken)):
                with run.average.in_place():
                    lines += _monitor(run, stream, monitors, step)
            if main:
                progress.check()
                log.writelines(json.dumps(line, allow_nan=False) + "\n" for line in lines)
                log.flush()
                trackers.follow()
                if due:
                    progress.save(taken, run.model, run.optimizer)
            if when.to_end:
                _end(run, progress, taken)
        # What came in the last step, or while its end was monitored, is no less a wish.
        when.wished(run.accelerator)
        if when.to_end:
            _end(run, progress, run.steps)


def _end(run: Run, progress: Progress, taken: int) -> None:
    """Leave, all processes together and only once the state is on disk."""
    progress.settle()
    run.accelerator.wait_for_everyone()
    console.say(f"told to end after {taken} of {run.steps} steps; a new start goes on from there")
    sys.exit(END)


def _epochs(run: Run, steps: int) -> tuple[int, int]:
    """The epoch in which so many steps end, from 1, and how many there are; the last may be cut short."""
    return -(-steps // run.loader.steps), -(-run.steps // run.loader.steps)


def _monitor(run: Run, stream: Stream, monitors: Mapping[str, Loader], step: int) -> list[dict[str, Any]]:
    """A line of the log for each monitor, after ``step``."""
    lines = []
    for name, loader in monitors.items():
        found = observe(run.accelerator, run.model, stream, loader, run.config.precision)
        for what, value in found.items():
            check_finite(f"{name} {what}", value, step)
        lines.append({"epoch": step // run.loader.steps + 1, "step": step + 1, "monitor": name, **found})
    return lines


def _identity(
    model: nn.Module, objective: Objective, loader: Loader, config: LoopConfig
) -> dict[str, object]:
    """What must not change between a kill and the next start; the number of processes may."""
    return {
        "settings": config.model_dump(mode="json", exclude=MAY_CHANGE),
        "objective": [term.config.model_dump(mode="json") for term in objective.terms],
        "samples": {
            "ids": loader.samples.digest(),
            "batch": loader.batch,
            "seed": loader.seed,
            "buckets": loader.buckets,
            "looks": loader.looks,
        },
        "parameters": {name: list(parameter.shape) for name, parameter in model.named_parameters()},
        "frozen": frozen_digest(model),
    }
