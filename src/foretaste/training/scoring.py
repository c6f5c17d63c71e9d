"""A trained model over many rows: its logits, in the order of the rows, however many processes share the
work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import DataError
from foretaste.contracts.view import AnyLook
from foretaste.pipeline import console
from foretaste.scores.format import DIGEST_BYTES
from foretaste.training import processes
from foretaste.training.precision import forward, place
from foretaste.training.samples import Request, Samples
from foretaste.training.stream import Stream, Workers


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Row i of every array belongs to ``ids[i]``.

    logits
        head -> (n, C) float32.
    embedding
        (n, D) float32, or None where the network makes none.
    digests
        n times 16 bytes: of what the network was shown.
    """

    ids: tuple[str, ...]
    logits: dict[str, np.ndarray]
    embedding: np.ndarray | None
    digests: tuple[bytes, ...]


def score(
    model: nn.Module,
    samples: Samples,
    *,
    look: AnyLook = None,
    batch: int = 64,
    what: str = "scoring batches",
    keep: Callable[[np.ndarray, Outputs], None] | None = None,
) -> Scored:
    """Every process gets the whole result. Raises DataError unless there is a row and every row was scored.

    Samples are shown under ``look``. Without one their digests are the view's; else they are those of the
    inputs themselves, whose shapes may then not depend on the batch that a row is in.

    Rows of like length are batched together (``view.weights``), so that texts are padded little; a row's
    logits do not depend on its batch, up to rounding. Rows that are shown alike, such as equal texts, are
    scored once, unless they are kept one by one: ``keep`` is told, batch by batch in every process, the
    positions of the rows and what the network says of them.
    """
    accelerator = processes.accelerator()
    count, stride = len(samples), accelerator.num_processes
    if not count:
        raise DataError(
            "no rows to score",
            "samples",
            "at least one usable row",
            "look at dropped_because in the samples table",
        )
    digests = None if look else tuple(samples.view.digest(row) for row in samples.rows.tolist())
    alike = np.arange(count) if keep is not None or digests is None else _alike(digests)
    weights, order = samples.view.weights(), np.unique(alike)
    if weights is not None:
        order = order[np.argsort(np.asarray(weights)[samples.rows[order]], kind="stable")]
    wanted = set(order.tolist())
    # Every process takes equally many rows: the first ones come twice where they do not divide.
    order = np.resize(order, -(-len(order) // stride) * stride)[accelerator.process_index :: stride]
    model.to(accelerator.device).eval()
    cut = [order[start : start + batch] for start in range(0, len(order), batch)]
    requests = [Request(samples=samples, pieces=(piece,), look=look) for piece in cut]
    found: dict[str, list[Tensor]] = {}
    with torch.inference_mode(), Stream([samples], accelerator.device, Workers()) as stream:
        tracked = console.track(stream.batches(requests), what, len(requests))
        for positions, (piece,) in zip(cut, tracked, strict=True):
            outputs = forward(model, place(piece, accelerator.device, "fp32"), "fp32")
            if keep is not None:
                keep(positions, outputs)
            made = {f"logits/{head}": logits.float() for head, logits in outputs.logits.items()}
            if outputs.embedding is not None:
                made["embedding"] = outputs.embedding.float()
            if digests is None:
                made["digests"] = _digests(piece).to(accelerator.device)
            for name, values in made.items():
                found.setdefault(name, []).append(values)
    positions = accelerator.gather(torch.from_numpy(order).to(accelerator.device)).cpu().numpy()
    if set(positions.tolist()) != wanted:
        raise DataError(
            f"{len(set(positions.tolist()))} of {len(wanted)} rows were scored",
            "score",
            "every row",
            "run it again",
        )
    arrays = {}
    for name, pieces in found.items():
        values = accelerator.gather(torch.cat(pieces)).cpu().numpy()
        rows = np.empty((count, values.shape[1]), dtype=values.dtype)
        rows[positions] = values
        arrays[name] = rows[alike]
    logits = {
        name.removeprefix("logits/"): array for name, array in arrays.items() if name.startswith("logits/")
    }
    if digests is None:
        digests = tuple(row.tobytes() for row in arrays["digests"])
    return Scored(ids=samples.ids, logits=logits, embedding=arrays.get("embedding"), digests=digests)


def _digests(batch: Batch) -> Tensor:
    """(B, 16) uint8: of the inputs of each sample."""
    rows = [hashlib.sha256() for _ in batch.ids]
    for _, values in sorted(batch.inputs.items()):
        for said, value in zip(rows, values.cpu().numpy(), strict=True):
            said.update(np.ascontiguousarray(value))
    said = [one.digest()[:DIGEST_BYTES] for one in rows]
    return torch.from_numpy(np.frombuffer(b"".join(said), np.uint8).reshape(-1, DIGEST_BYTES).copy())


def _alike(digests: Sequence[bytes]) -> np.ndarray:
    """(n,) int64: for each row the first one that is shown the same."""
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(digest, row) for row, digest in enumerate(digests)], dtype=np.int64)
