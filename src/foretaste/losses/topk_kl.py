"""Kullback-Leibler divergence over the K classes that the teacher ranks highest.

Ghosh et al. 2022 (arXiv:2210.05991) distil only the teacher's top 50 of EPIC-55's 2,513 actions, both sides
renormalised over those 50.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from foretaste.contracts.errors import ConfigError
from foretaste.losses.loss import Loss, divergence, precision_of, same_shape
from foretaste.settings.options import Options

#: What it compares with: ``labels``, another model's ``logits``, or ``vectors``.
TARGETS = ("logits",)


class Config(Options):
    k: PositiveInt
    """How many of the teacher's highest logits are compared, sample by sample."""
    temperature: PositiveFloat
    """Both sides' logits are divided by it."""
    t_squared: bool
    """Whether values are multiplied by T^2."""
    renormalise: Literal["both", "teacher"]
    """`both`: each side's softmax is taken over the K classes (published). `teacher`: the student's is taken
    over all C, so that it is also taught how much belongs outside the K.
    """


def topk_kl(
    student: Tensor,
    target: Tensor,
    *,
    k: int,
    temperature: float,
    t_squared: bool,
    renormalise: Literal["both", "teacher"],
) -> Tensor:
    """[T^2] sum over the target's K largest logits of p_c (log p_c - log q_c), p = softmax over those K of
    target / T.

    student, target
        Logits (..., C), K <= C; of equal ones that of the lower class counts as larger. With K = C both kinds
        of ``renormalise`` equal the full divergence.
    Returns (...): nats, one value a sample.
    """
    same_shape("topk_kl", student, target)
    if k > student.shape[-1]:
        raise ConfigError(
            f"topk_kl: k is {k}", "objective", f"at most the {student.shape[-1]} classes", "correct k"
        )
    top, index = _highest(target, k)
    log_p = torch.log_softmax(top.double() / temperature, -1)
    said = student.double() / temperature
    if renormalise == "both":
        log_q = torch.log_softmax(said.gather(-1, index), -1)
    else:
        log_q = torch.log_softmax(said, -1).gather(-1, index)
    values = divergence(log_p, log_q)
    return (values * temperature**2 if t_squared else values).to(precision_of(student))


def _highest(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of (..., C) and their classes. Of equal ones that of the lower class counts as larger, on
    every device: ``topk``, which takes a fraction of the time, does not say which, and is asked only where
    all are different.
    """
    found, classes = logits.topk(min(k + 1, logits.shape[-1]), dim=-1)
    if (found[..., 1:] == found[..., :-1]).any():
        found, classes = logits.sort(dim=-1, descending=True, stable=True)
    return found[..., :k], classes[..., :k]


def build(config: Config) -> Loss:
    """The function with its options; a value sums over the K kept classes."""
    return Loss(partial(topk_kl, **config.model_dump()), lambda student: config.k)
