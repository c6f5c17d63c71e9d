"""Kullback-Leibler divergence from the teacher's to the student's class probabilities, at a temperature.

Hinton et al. 2015 (arXiv:1503.02531), equation 1 and section 2.1 for the factor T^2.
"""

from __future__ import annotations

from functools import partial

import torch
from pydantic import PositiveFloat
from torch import Tensor

from foretaste.losses.loss import Loss, count_classes, divergence, precision_of, same_shape
from foretaste.settings.options import Options

#: What it compares with: ``labels``, another model's ``logits``, or ``vectors``.
TARGETS = ("logits",)


class Config(Options):
    temperature: PositiveFloat
    """Both sides' logits are divided by it."""
    t_squared: bool
    """Whether values are multiplied by T^2, which keeps gradients of one size as T grows."""


def kl(student: Tensor, target: Tensor, *, temperature: float, t_squared: bool) -> Tensor:
    """[T^2] sum over classes of p_c (log p_c - log q_c), with p = softmax(target / T) and q = softmax(student
    / T).

    student, target
        Logits (..., C). A class that the target rules out (-inf) adds 0.
    Returns (...): nats, one value a sample. At T = 1 its gradient with respect to the student is q - p.
    """
    same_shape("kl", student, target)
    log_p = torch.log_softmax(target.double() / temperature, -1)
    log_q = torch.log_softmax(student.double() / temperature, -1)
    values = divergence(log_p, log_q)
    return (values * temperature**2 if t_squared else values).to(precision_of(student))


def build(config: Config) -> Loss:
    """The function with its options; a value sums over the C classes."""
    return Loss(partial(kl, temperature=config.temperature, t_squared=config.t_squared), count_classes)
