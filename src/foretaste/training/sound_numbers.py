"""Numbers that stop a training where they are not finite: a term, a gradient, a weight."""

from __future__ import annotations

import math

import torch
from torch import nn

from foretaste.contracts.errors import DataError
from foretaste.training.checkpoint import weights


def check_finite(what: str, value: float | None, step: int) -> None:
    """Raises DataError for a value of ``step`` (from 0) that is no finite number; None is no value."""
    if value is not None and not math.isfinite(value):
        raise DataError(
            f"{what} is {value}",
            f"step {step + 1}",
            "a finite number",
            "lower the rate, or look at this batch's inputs",
        )


def check_weights(model: nn.Module, steps: int) -> None:
    """Raises DataError for a weight that is not finite after so many steps."""
    for name, tensor in weights(model).items():
        if not torch.isfinite(tensor).all():
            raise DataError(
                f"{name} is not finite",
                f"step {steps}",
                "finite weights after an update",
                "lower the rate, or set clip_norm",
            )
