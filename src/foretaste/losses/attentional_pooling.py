"""Distance between two feature maps whose places need not lie alike: each place asks both maps for what is
like it, and the answers are compared.

Tran, Wang & Hoai, "Back to the Future: Knowledge Distillation for Human Action Anticipation", equations 4 to
9. Their A is the student's map, their R the target's; what Huber is applied to, and whether places are summed
or averaged, they do not say: here a value is a sum over places, as in their equations, and the term's
``reduction: elements`` makes it a mean.

Every pooling of n places by n queries is n x n weights. They are made for a few samples at a time, together
with the student's gradient, and let go: what is kept until the backward pass is one map.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor

from foretaste.losses.loss import Loss, same_shape
from foretaste.settings.options import Options

#: What it compares with: ``labels``, another model's ``logits``, or ``vectors``.
TARGETS = ("logits", "vectors")

#: As many weights of one pooling are held at once: 4 MiB of them in single precision.
WEIGHTS_AT_ONCE = 1 << 20

Queries = Literal["both", "student", "target", "none"]
Penalty = Literal["square", "huber", "huber_norm"]


class Config(Options):
    queries: Queries = "both"
    """Whose places ask: `both` (equation 7), the `student`'s (8), or the `target`'s (9). `none`: each place
    is compared with the same place, without pooling (the paper's L_direct).
    """
    penalty: Penalty = "square"
    """What becomes of a difference x (D): `square`, sum of x_d^2; `huber`, sum of Huber(x_d); `huber_norm`,
    Huber of its length. Huber(a) is a^2 / 2 up to delta, and delta (|a| - delta / 2) beyond.
    """
    delta: PositiveFloat = 1.0
    """Where Huber turns from squares to lengths."""
    alpha: NonNegativeFloat | None = None
    """Sharpness of pooling; null: 1 / sqrt(D). With 0 every answer is the mean of a map, and as it grows the
    vector most like the query.
    """


def attentional_pooling(
    student: Tensor,
    target: Tensor,
    *,
    queries: Queries = "both",
    penalty: Penalty = "square",
    delta: float = 1.0,
    alpha: float | None = None,
) -> Tensor:
    """sum over the queries q of penalty(phi(q, target) - phi(q, student)), phi(q, M) = sum over the places m
    of a map of softmax(alpha q . m) m.

    student, target
        Maps (B, ..., D), alike in B and D; with ``queries: none`` alike in all. A (B, D) is a map of one
        place. The target is held constant; the student learns as query, as key and as value.
    Returns (B,).
    """
    if queries == "none":
        same_shape("attentional_pooling", student, target)
    elif (len(student), student.shape[-1]) != (len(target), target.shape[-1]):
        raise ValueError(
            f"attentional_pooling: student {tuple(student.shape)} and target {tuple(target.shape)} differ in"
            " B or D"
        )
    width = student.shape[-1]
    compare = partial(
        _compared,
        queries=queries,
        penalty=partial(_penalty, kind=penalty, delta=delta),
        alpha=width**-0.5 if alpha is None else alpha,
    )
    a, r = (_in_a_row(one) for one in (student, target.detach()))
    return _FewAtATime.apply(a, r, compare)


def _in_a_row(places: Tensor) -> Tensor:
    """A map (B, ..., D), of no sample too, -> (B, n, D)."""
    return places.flatten(1, -2) if places.dim() > 2 else places[:, None]


class _FewAtATime(torch.autograd.Function):
    """``compare`` (A (b, n, D), R (b, m, D)) -> (b,), of a few samples at a time. The gradient towards A is
    taken at once, so that nothing of size n x m outlives its samples.
    """

    @staticmethod
    def forward(ctx, a: Tensor, r: Tensor, compare) -> Tensor:
        ctx.save_for_backward(a, r)
        ctx.compare = compare
        values, ctx.gradient = _with_gradient(a, r, compare, ctx.needs_input_grad[0])
        return values

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, towards: Tensor) -> tuple[Tensor, None, None]:
        gradient, ctx.gradient = ctx.gradient, None
        if gradient is None:  # one who walks a graph twice waits twice
            _, gradient = _with_gradient(*ctx.saved_tensors, ctx.compare, True)
        return gradient.mul_(towards[:, None, None]), None, None


def _with_gradient(a: Tensor, r: Tensor, compare, wanted: bool) -> tuple[Tensor, Tensor | None]:
    """(b,), and of their sum the gradient (b, n, D) towards ``a`` if it is ``wanted``."""
    step = max(1, WEIGHTS_AT_ONCE // max(a.shape[1], r.shape[1]) ** 2)
    values, gradient = a.new_empty(len(a)), torch.empty_like(a) if wanted else None
    for at in range(0, len(a), step):
        some = slice(at, at + step)
        if gradient is None:
            values[some] = compare(a[some], r[some])
            continue
        with torch.enable_grad():
            own = a[some].detach().requires_grad_()
            found = compare(own, r[some])
            (gradient[some],) = torch.autograd.grad(found.sum(), own)
        values[some] = found.detach()
    return values, gradient


def _compared(a: Tensor, r: Tensor, *, queries: Queries, penalty, alpha: float) -> Tensor:
    """(b, n, D), (b, m, D) -> (b,)."""
    if queries == "none":
        return penalty(a - r)
    values = a.new_zeros(len(a))
    if queries in ("both", "student"):
        values = values + penalty(_pooled(a, r, alpha) - _pooled(a, a, alpha))
    if queries in ("both", "target"):
        values = values + penalty(_pooled(r, a, alpha) - _pooled(r, r, alpha))
    return values


def _pooled(q: Tensor, places: Tensor, alpha: float) -> Tensor:
    """phi: queries (b, n, D), places (b, m, D) -> (b, n, D)."""
    return (alpha * q @ places.mT).softmax(-1) @ places


def _penalty(x: Tensor, *, kind: Penalty, delta: float) -> Tensor:
    """Differences (b, n, D) -> (b,)."""
    if kind == "square":
        return x.square().sum((1, 2))
    if kind == "huber":
        return torch.nn.functional.huber_loss(x, torch.zeros_like(x), reduction="none", delta=delta).sum(
            (1, 2)
        )
    squares = x.square().sum(-1)
    # The root of what is surely above 0: a difference of length 0 has a gradient, too.
    beyond = delta * (squares.clamp(min=delta**2).sqrt() - delta / 2)
    return torch.where(squares <= delta**2, squares / 2, beyond).sum(1)


def build(config: Config) -> Loss:
    """The function with its options; a value sums over the n places, and but for ``huber_norm`` over D."""

    def elements(student: Tensor) -> int:
        count = student.shape[1:].numel()
        return count // student.shape[-1] if config.penalty == "huber_norm" else count

    return Loss(partial(attentional_pooling, **config.model_dump()), elements)
