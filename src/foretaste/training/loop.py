"""The one training loop: teachers, students, backbones and language models.

    samples = join(view, table, rows)
    loaders = {"training": Loader(samples=samples, batch=config.batch, seed=seed, buckets=config.buckets)}
    objective = build_objective(terms, class_counts(samples))
    fit(model, no_targets, objective, loaders, config, out)

It is started as one process, or as several by ``torchrun``: the same global batches, the same objective,
hence the same weights up to the order of summation (with dropout: those of one process with ``accumulate`` as
many parts). Left out on purpose: early stopping and picking a best epoch (the last one is the result, as
published), and wrappers around the network: gradients are summed over processes here, in one reduction a
step, because only then a process whose piece of a batch is empty, or has no label, counts for exactly
nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from foretaste.contracts.errors import DataError
from foretaste.pipeline import console
from foretaste.pipeline.model_config import LoopConfig
from foretaste.training import processes
from foretaste.training.checkpoint import weights
from foretaste.training.joining import join, leave
from foretaste.training.monitor import observe
from foretaste.training.objective import Objective
from foretaste.training.optimizers import build_optimizer
from foretaste.training.precision import forward, place
from foretaste.training.progress import Progress
from foretaste.training.samples import Loader
from foretaste.training.schedule import learning_rate
from foretaste.training.targets import Targets


def fit(
    model: nn.Module,
    targets: Targets,
    objective: Objective,
    loaders: Mapping[str, Loader],
    config: LoopConfig,
    out: Path,
) -> None:
    """Train ``model`` in place; it ends on the device it was trained on, in training mode and, whatever it
    was trained in, in fp32.

    loaders
        ``training``, and any others are monitors: after each epoch the loss and top-1 of every head on their
        rows goes into the log. They change nothing else.
    out
        Folder that survives a kill: ``log.jsonl`` (one line a step: epoch, step, lr, loss, parts,
        gradient_norm; one a monitor and epoch) and the last checkpoint. Called again with it, the training
        goes on where it was, to the bit, and one that has ended only loads its result.

    Raises DataError, before the update, when a term of the objective or the gradient is not finite; and
    before anything is monitored or kept, when an update has left a weight that is not.
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
    model.to(accelerator.device, torch.float64 if config.precision == "fp64" else None)
    join(model, objective, targets, loader, accelerator.device, config.precision)
    optimizer = build_optimizer(model, config)
    parts = accelerator.num_processes * config.accumulate
    first = accelerator.process_index * config.accumulate
    progress = Progress(out, _identity(model, objective, loader, config), parts)
    # The first process decides where the training stands, the others take its word.
    done = progress.newest() if accelerator.is_main_process else 0
    done = int(_sum(accelerator, [torch.tensor([done], dtype=torch.float64)], 1)[0])
    progress.restore(done, model, optimizer)
    _from_main(accelerator, model)
    for step, epoch, positions in console.track(
        loader.steps_from(done, steps), "training steps", steps - done
    ):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config.schedule, group["base"], step, loader.steps, steps)
        model.train()
        pieces = loader.pieces(positions, epoch, first, config.accumulate, parts)
        denominators = _sum(
            accelerator,
            [objective.denominators(piece) for piece in pieces if piece is not None],
            len(objective.terms),
        )
        numerators = []
        for part, piece in enumerate(pieces, first):
            if piece is None:
                continue
            # Dropout is a function of (seed, step, part): there is no generator state to keep or to lose.
            torch.manual_seed(
                int(np.random.SeedSequence([loader.seed, step, part]).generate_state(1, np.uint64)[0] >> 1)
            )
            piece = place(piece, accelerator.device, config.precision)
            values = objective.numerators(piece, forward(model, piece, config.precision), targets(piece))
            total = objective.total(values, denominators)
            if isinstance(total, Tensor) and total.requires_grad:
                total.backward()
            numerators.append(torch.stack([value.detach().double() for value in values]))
        values = [
            n / d if d else None
            for n, d in zip(_sum(accelerator, numerators, len(objective.terms)), denominators, strict=True)
        ]
        for term, value in zip(objective.terms, values, strict=True):
            _finite(term.name, value, step)
        _sum_gradients(accelerator, model)
        trained = [parameter for parameter in model.parameters() if parameter.grad is not None]
        norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in trained])
        _finite("gradient norm", float(norm), step)
        if config.clip_norm is not None:
            torch.nn.utils.clip_grads_with_norm_(trained, config.clip_norm, norm)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        lines = [
            {
                "epoch": epoch + 1,
                "step": step,
                "lr": learning_rate(config.schedule, config.optimizer.lr, step - 1, loader.steps, steps),
                "loss": sum(
                    term.config.weight * value
                    for term, value in zip(objective.terms, values)
                    if value is not None
                ),
                "parts": {term.name: value for term, value in zip(objective.terms, values)},
                "gradient_norm": float(norm),
            }
        ]
        ended, due = (
            step % loader.steps == 0 or step == steps,
            step % config.checkpoint_steps == 0 or step == steps,
        )
        if ended or due:
            _check_weights(model, step)
        if ended:
            _from_main(accelerator, model)
            for name, held_out in loaders.items():
                if name != "training":
                    found = observe(accelerator, model, held_out, config.precision)
                    for what, value in found.items():
                        _finite(f"{name} {what}", value, step - 1)
                    lines.append({"epoch": epoch + 1, "step": step, "monitor": name, **found})
        if accelerator.is_main_process:
            with open(progress.log, "a", encoding="utf-8") as log:
                log.writelines(json.dumps(line, allow_nan=False) + "\n" for line in lines)
            if due:
                progress.save(step, model, optimizer)
    leave(model)
    model.float()
    accelerator.wait_for_everyone()


def _identity(
    model: nn.Module, objective: Objective, loader: Loader, config: LoopConfig
) -> dict[str, object]:
    """What must not change between a kill and the next start; the number of processes may."""
    return {
        "settings": config.model_dump(mode="json", exclude={"checkpoint_steps", "accumulate"}),
        "objective": [term.config.model_dump(mode="json") for term in objective.terms],
        "samples": {
            "ids": loader.samples.digest(),
            "batch": loader.batch,
            "seed": loader.seed,
            "buckets": loader.buckets,
        },
        "parameters": {name: list(parameter.shape) for name, parameter in model.named_parameters()},
    }


def _finite(what: str, value: float | None, step: int) -> None:
    if value is not None and not math.isfinite(value):
        raise DataError(
            f"{what} is {value}",
            f"step {step + 1}",
            "a finite number",
            "lower the rate, or look at this batch's inputs",
        )


def _check_weights(model: nn.Module, step: int) -> None:
    for name, tensor in weights(model).items():
        if not torch.isfinite(tensor).all():
            raise DataError(
                f"{name} is not finite",
                f"step {step}",
                "finite weights after an update",
                "lower the rate, or set clip_norm",
            )


def _sum(accelerator: Accelerator, parts: Sequence[Tensor], width: int) -> list[float]:
    """The sum of (width,) float64 vectors over the parts of all processes."""
    total = sum(
        (part.to(accelerator.device) for part in parts),
        torch.zeros(width, dtype=torch.float64, device=accelerator.device),
    )
    return accelerator.reduce(total, "sum").tolist()


def _from_main(accelerator: Accelerator, model: nn.Module) -> None:
    """Every process takes over the weights and buffers of the first (running statistics of a batch norm drift
    apart).
    """
    if accelerator.num_processes > 1:
        for tensor in model.state_dict().values():
            torch.distributed.broadcast(tensor, 0)


def _sum_gradients(accelerator: Accelerator, model: nn.Module) -> None:
    """Add up the gradients of all processes. A parameter without one anywhere stays without (it is not
    decayed either).
    """
    if accelerator.num_processes == 1:
        return
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    has = torch.tensor(
        [parameter.grad is not None for parameter in parameters], dtype=torch.int64, device=accelerator.device
    )
    used = [
        parameter
        for parameter, count in zip(parameters, accelerator.reduce(has, "sum").tolist(), strict=True)
        if count
    ]
    if not used:
        return
    flat = torch.cat([torch.zeros_like(p).view(-1) if p.grad is None else p.grad.reshape(-1) for p in used])
    summed = accelerator.reduce(flat, "sum")
    for parameter, gradient in zip(used, summed.split([p.numel() for p in used]), strict=True):
        parameter.grad = gradient.view_as(parameter).to(parameter.dtype)
