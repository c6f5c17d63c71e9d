"""Cross-entropy with class ids, optionally with smoothed labels."""

from __future__ import annotations

from functools import partial

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from foretaste.contracts.batch import UNLABELLED
from foretaste.losses.loss import Loss, count_classes
from foretaste.settings.options import Options

#: What it compares with: ``labels``, another model's ``logits``, or ``vectors``.
TARGETS = ("labels",)


class Config(Options):
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """eps: the target is 1 - eps on the label plus eps / C on every class (Szegedy et al. 2016)."""


def cross_entropy(student: Tensor, target: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """-sum over classes of q_c log softmax(student)_c, with q the (smoothed) label.

    student
        Logits (..., C).
    target
        Class ids (...) int64; ``UNLABELLED`` positions give 0, and no gradient.
    Returns (...): nats, one value a position.
    """
    if student.shape[:-1] != target.shape:
        raise ValueError(
            f"cross_entropy: logits {tuple(student.shape)} do not belong to labels {tuple(target.shape)}"
        )
    values = F.cross_entropy(
        student.reshape(-1, student.shape[-1]),
        target.reshape(-1),
        ignore_index=UNLABELLED,
        reduction="none",
        label_smoothing=label_smoothing,
    )
    return values.view(target.shape)


def build(config: Config) -> Loss:
    """The function with its options; a value sums over the C classes."""
    return Loss(partial(cross_entropy, label_smoothing=config.label_smoothing), count_classes)
