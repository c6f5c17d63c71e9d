"""How well a language model finds hidden words: perplexity, and how often a hidden verb or object is among its first five.

Both are sums over tokens or words divided once, so that neither batch size nor padding changes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import DataError


def perplexity(model: Callable[[Batch], Outputs], batches: Iterable[Batch]) -> float:
    """exp of the mean negative log-likelihood of the hidden tokens (nats a token); raises DataError if there are none."""
    nats, count = 0.0, 0
    for batch in batches:
        labels = batch.labels["token"]
        nats += float(F.cross_entropy(model(batch).logits["token"].double(), labels, reduction="sum"))
        count += len(labels)
    if not count:
        raise DataError("no hidden token", "held-out recipes", "at least one phrase", "check the recipes of partition val")
    return math.exp(nats / count)


def words_found(model: Callable[[Batch], Outputs], batches: Iterable[Batch], k: int = 5) -> float | None:
    """Per cent of rows whose hidden word is found; None where no row hides one.

    A word is found if each of its tokens is among the ``k`` likeliest at its place. A row hides at most one word.
    """
    found = count = 0
    for batch in batches:
        labels = batch.labels["token"]
        if not len(labels):
            continue
        best = model(batch).logits["token"].topk(k, -1).indices
        missed = (best != labels[:, None]).all(-1)
        row = batch.inputs["masked_positions"] // batch.inputs["input_ids"].shape[1]
        per_row = torch.zeros(len(batch.ids), dtype=torch.int64, device=labels.device)
        wrong = per_row.index_add(0, row, missed.long())
        hidden = per_row.index_add(0, row, torch.ones_like(row))
        found += int(((wrong == 0) & (hidden > 0)).sum())
        count += int((hidden > 0).sum())
    return 100 * found / count if count else None
