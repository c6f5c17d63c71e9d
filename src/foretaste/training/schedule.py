"""The learning rate of a step, in closed form.

A step's rate depends on its number alone, so a resumed training, and one on any number of processes, sees the
same rates. ``cosine`` is PyTorch's recursive cosine as AVT uses it (Girdhar & Grauman 2021,
github.com/facebookresearch/AVT): the first warm-up step has rate 0, and the cosine goes on from the last
warm-up value, base * (W - 1) / W, not from the base rate. Its recursion telescopes into the closed form
below.
"""

from __future__ import annotations

import math

from foretaste.contracts.errors import ConfigError
from foretaste.settings.training_config import ScheduleConfig


def check_fits(config: ScheduleConfig, epoch_steps: int, steps: int) -> None:
    """Raise ConfigError for a schedule of more epochs than a training of ``steps`` steps, ``epoch_steps`` an
    epoch, has. (Where a preset says how many epochs, it is refused there.)
    """
    if (beyond := config.beyond(steps / epoch_steps)) is not None:
        raise ConfigError(
            f"{beyond} of {epoch_steps} steps in a training of {steps} steps",
            "training.schedule",
            "a schedule that the training has room for",
            "shorten schedule.warmup (below 1 it is a share of the training) or drops, or train longer",
        )


def warmup_steps(config: ScheduleConfig, epoch_steps: int, steps: int) -> int:
    """W: ``warmup`` in steps. A single step would only be lost (its rate is 0), so fewer than two count as
    none.
    """
    length = round(config.warmup * (steps if config.warmup < 1 else epoch_steps))
    return length if length >= 2 else 0


def learning_rate(config: ScheduleConfig, base: float, step: int, epoch_steps: int, steps: int) -> float:
    """The rate of ``step`` (from 0) of a training of ``steps`` steps, ``epoch_steps`` an epoch, for base rate
    ``base``.
    """
    warmup = warmup_steps(config, epoch_steps, steps)
    if step < warmup:
        return base * step / warmup + config.offset
    if config.kind == "constant":
        return base + config.offset
    if config.kind == "linear":
        return base * (steps - step) / (steps - warmup) + config.offset
    if config.kind == "step":
        passed = sum(step >= drop * epoch_steps for drop in config.drops)
        return base * config.factor**passed + config.offset
    peak = (base * (warmup - 1) / warmup if warmup else base) + config.offset
    length = config.cosine_epochs * epoch_steps if config.cosine_epochs else steps - warmup
    position = step - warmup + (1 if warmup else 0)
    if position >= length:
        return config.floor if config.after is None else config.after
    return config.floor + (peak - config.floor) * (1 + math.cos(math.pi * position / length)) / 2
