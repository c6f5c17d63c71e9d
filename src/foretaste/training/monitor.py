"""Learning curves: how a model in training does on rows that it is not trained on."""

from __future__ import annotations

import math

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn
from torch.nn import functional as F

from foretaste.contracts.batch import UNLABELLED
from foretaste.training.precision import forward, place
from foretaste.training.samples import Loader
from foretaste.training.stream import Stream

#: Points of a learning curve at most; of more epochs only every second, fourth, eighth, ... and the last are
#: looked at: curves of trainings of about as many epochs have points in common.
POINTS = 25


def is_observed(epoch: int, epochs: int) -> bool:
    """Whether a training of so many epochs is looked at after ``epoch`` (from 1)."""
    return epoch == epochs or epoch % 2 ** max(0, math.ceil(math.log2(epochs / POINTS))) == 0


def observe(
    accelerator: Accelerator, model: nn.Module, stream: Stream, loader: Loader, precision: str
) -> dict[str, float]:
    """``<head>_loss`` (nats, mean over labelled rows, for ``token`` over masked positions) and
    ``<head>_top1`` (per cent).

    Sums, not means, are added over batches and processes, so neither changes the result. Every process adds
    the same heads, also one whose rows have no label of a head, or that has no row.
    """
    model.eval()
    sums: dict[str, torch.Tensor] = {}
    with torch.inference_mode():
        mine = loader.in_order(accelerator.process_index, accelerator.num_processes)
        for (batch,) in stream.batches(mine):
            batch = place(batch, accelerator.device, precision)
            for head, logits in forward(model, batch, precision).logits.items():
                if head in batch.labels:
                    labels = batch.labels[head]
                    losses = (
                        F.cross_entropy(logits, labels, ignore_index=UNLABELLED, reduction="none")
                        .double()
                        .sum()
                    )
                    right = (logits.argmax(-1) == labels).sum()
                    found = torch.stack([losses, right.double(), (labels != UNLABELLED).sum().double()])
                    sums[head] = sums.get(head, 0) + found
    nothing = torch.zeros(3, dtype=torch.float64, device=accelerator.device)
    values = {}
    for head in sorted(set(gather_object(list(sums)))):
        loss, right, count = accelerator.reduce(sums.get(head, nothing), "sum").tolist()
        if count:
            values |= {f"{head}_loss": loss / count, f"{head}_top1": 100 * right / count}
    return values
