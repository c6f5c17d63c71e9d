"""Mean squared error between a predicted and a true feature vector.

AVT's feature loss (Girdhar & Grauman 2021, arXiv:2106.02036, equation 8): d_t against z_{t+1}.
"""

from __future__ import annotations

from torch import Tensor

from foretaste.losses.loss import Loss, same_shape
from foretaste.settings.options import Options

#: What it compares with: ``labels``, another model's ``logits``, or ``vectors``.
TARGETS = ("logits", "vectors")


class Config(Options):
    pass


def feature_mse(student: Tensor, target: Tensor) -> Tensor:
    """(1/D) sum over d of (student_d - target_d)^2.

    student, target
        Vectors (..., D), or feature maps, place by place. For AVT already aligned in time: d_1..d_{T-1} and
        z_2..z_T, both (B, T-1, D). The target is not detached: a backbone in training gets gradient from
        both sides, as published.
    Returns (...): one value a position.
    """
    same_shape("feature_mse", student, target)
    return (student - target).square().mean(-1)


def build(config: Config) -> Loss:
    """The function; a value is a mean over D already."""
    return Loss(feature_mse, lambda student: 1)
