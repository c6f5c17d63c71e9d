"""Smooth L1 (Huber) distance between two vectors, or between two feature maps place by place.

LanViKD's regression onto the text embedding (Sun et al. 2024) has beta 1 and, as far as its text says, the
element mean: ``reduction: elements``.
"""

from __future__ import annotations

from functools import partial

from pydantic import PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from foretaste.losses.loss import Loss, same_shape
from foretaste.settings.options import Options

#: What it compares with: ``labels``, another model's ``logits``, or ``vectors``.
TARGETS = ("logits", "vectors")


class Config(Options):
    beta: PositiveFloat = 1.0
    """Differences below it count squared, those above it by their size."""


def smooth_l1(student: Tensor, target: Tensor, *, beta: float = 1.0) -> Tensor:
    """sum over d of x_d^2 / (2 beta) where |x_d| < beta, else |x_d| - beta / 2, with x = student - target.

    student, target
        Vectors (..., D).
    Returns (...): one value a position.
    """
    same_shape("smooth_l1", student, target)
    return F.smooth_l1_loss(student, target, reduction="none", beta=beta).sum(-1)


def build(config: Config) -> Loss:
    """The function with its option; a value sums over the D elements of a vector."""
    return Loss(partial(smooth_l1, beta=config.beta), lambda student: student.shape[-1])
