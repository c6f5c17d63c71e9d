"""How well a language model finds hidden words: perplexity, and how often a hidden verb or object is among
its first five.

Both are sums over tokens or words divided once, so that neither batch size nor padding changes them. They are
measured on recipes of the partition ``val``, whose masks are fixed: the numbers before and after a training
speak of the same words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Sources
from foretaste.settings import families
from foretaste.settings.config import LmConfig
from foretaste.training.precision import forward, place
from foretaste.training.samples import Loader, own_rows
from foretaste.training.stream import Stream, workers

#: Windows of the held-out recipes that are measured, evenly spaced.
HELD_OUT = 512
#: Windows of the training recipes whose token frequencies stand beside the perplexity.
COUNTED = 4096


def measure(model: nn.Module, config: LmConfig, sources: Sources) -> dict[str, float | None]:
    """``perplexity`` over hidden words; per cent of hidden verbs and objects among the first five
    (``verb_top5``, ``object_top5``).
    """
    precision, device = config.training.precision, next(model.parameters()).device
    values = {}
    model.eval()
    for name, mask, of in (
        ("perplexity", "words", perplexity),
        ("verb_top5", "verb", words_found),
        ("object_top5", "object", words_found),
    ):
        loader = _hidden(config, sources, "val", mask, HELD_OUT)
        with torch.inference_mode(), _stream(config, loader, device) as stream:
            batches = (place(batch, device, precision) for (batch,) in stream.batches(loader.in_order()))
            values[name] = of(lambda batch: forward(model, batch, precision), batches)
    return values


def measure_frequencies(config: LmConfig, sources: Sources) -> float:
    """The same perplexity for a model that knows nothing but how often words occur in the training
    recipes.
    """
    tokens = []
    for partition, limit in (("train", COUNTED), ("val", HELD_OUT)):
        loader = _hidden(config, sources, partition, "words", limit)
        with _stream(config, loader, torch.device("cpu")) as stream:
            found = [batch.labels["token"] for (batch,) in stream.batches(loader.in_order())]
        tokens.append(torch.cat(found))
    seen, hidden = tokens
    return frequency_perplexity(seen, hidden, 1 + int(max(seen.max(), hidden.max())))


def _stream(config: LmConfig, loader: Loader, device: torch.device) -> Stream:
    return Stream([loader.samples], device, workers(config.training))


def _hidden(config: LmConfig, sources: Sources, partition: str, mask: str, limit: int) -> Loader:
    """At most ``limit`` windows of a partition, evenly spaced, with ``mask`` hidden."""
    view = families.build(
        "views", {**config.view, "partition": partition, "mask": mask, "pack": None}, "view", sources=sources
    )
    rows = np.unique(np.linspace(0, len(view) - 1, min(limit, len(view))).astype(np.int64))
    return Loader(samples=own_rows(view, view.ids, rows), batch=config.training.batch)


def perplexity(model: Callable[[Batch], Outputs], batches: Iterable[Batch]) -> float:
    """exp of the mean negative log-likelihood of the hidden tokens (nats a token); raises DataError if there
    are none.
    """
    nats, count = 0.0, 0
    for batch in batches:
        labels = batch.labels["token"]
        nats += float(F.cross_entropy(model(batch).logits["token"].double(), labels, reduction="sum"))
        count += len(labels)
    if not count:
        raise DataError(
            "no hidden token", "held-out recipes", "at least one phrase", "check the recipes of partition val"
        )
    return math.exp(nats / count)


def frequency_perplexity(seen: Tensor, hidden: Tensor, size: int) -> float:
    """Perplexity of ``hidden`` tokens under the frequencies of the ``seen`` ones: what a model without
    context reaches.

    seen, hidden (n,), (m,) int64 tokens below ``size``. Witten-Bell: T different tokens among n seen leave
    T / (n + T) to all of them evenly.
    """
    count = torch.bincount(seen, minlength=size).double()
    kinds = (count > 0).sum()
    return float(torch.exp(-((count + kinds / size) / (count.sum() + kinds))[hidden].log().mean()))


def words_found(model: Callable[[Batch], Outputs], batches: Iterable[Batch], k: int = 5) -> float | None:
    """Per cent of rows whose hidden word is found; None where no row hides one.

    A word is found if each of its tokens is among the ``k`` likeliest at its place. A row hides at most one
    word.
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
