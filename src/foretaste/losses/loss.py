"""What every member of this family builds: a pure function, and over how many numbers each of its values is a
sum.

A member is one equation in one file: a function of (student, target) that gives one value a sample, or one a
position. It takes no mean, holds no weight and keeps no state; whoever adds the terms up (the objective)
masks, weights and averages them, once for all losses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """A loss with its options filled in.

    function
        (student, target) -> values, as the member's own docstring says.
    elements
        student -> the number of elements each value sums over: C for a loss over classes, K for one over the
        teacher's top K, 1 for one that is a mean already. Values divided by it are element means, the
        reduction some published losses use.
    """

    function: Callable[[Tensor, Tensor], Tensor]
    elements: Callable[[Tensor], int]

    def __call__(self, student: Tensor, target: Tensor) -> Tensor:
        return self.function(student, target)


def same_shape(name: str, student: Tensor, target: Tensor) -> None:
    """Raise ValueError unless both have one shape: a (1, C) target would broadcast over a (B, C) student in
    silence.
    """
    if student.shape != target.shape:
        raise ValueError(
            f"{name}: student {tuple(student.shape)} and target {tuple(target.shape)} differ in shape"
        )


#: Half of the smallest number above 0 in fp32, which is rounded to 0.
SMALLEST = 2.0**-150


def divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """sum over classes of p_c (log p_c - log q_c), (..., C) -> (...), in nats; a class whose p_c is 0, as
    fp32 has it, adds 0.

    Callers hand over fp64: at a large temperature this is a small difference of logarithms, which T^2 then
    multiplies. Of a sum in fp32 a thousandth is noise at T = 100, a tenth at 1000, and all of it at 10,000.
    """
    p = log_p.exp()
    # Else a student that rules a class out (-inf) would lose infinitely much by a p_c of e^-200.
    return torch.where(p > SMALLEST, p * (log_p - log_q), 0.0).sum(-1)


def precision_of(student: Tensor) -> torch.dtype:
    """What values are given in: fp32, or fp64 for logits in fp64."""
    return torch.promote_types(student.dtype, torch.float32)


def count_classes(student: Tensor) -> int:
    """C of student logits (..., C)."""
    return student.shape[-1]
