"""Rows of a view, joined with their ids and labels, and the batches of an epoch.

The order of an epoch is a pure function of (seed, epoch), and a view's randomness one of (look, row):
a training resumes at any step by counting, with nothing to restore. A global batch is cut into as many pieces
as there are processes times accumulation parts; their union is the same batch however it is cut. The last,
shorter batch of an epoch is kept: the objective is exact whatever the sizes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from foretaste.contracts.batch import UNLABELLED, Batch
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import heads_of
from foretaste.contracts.view import AnyLook, Fetched, Look, RowIds, View, kept_look

#: Batches of like length are formed within pools of this many batches, so that neighbours change from epoch
#: to epoch.
POOL = 50

#: Ids that stand for those of a view with millions of rows.
NAMED = 4096

#: Times that are this near are the same time.
ROUNDING_S = 1e-6


@dataclass(frozen=True, kw_only=True)
class Samples:
    """n rows of a view.

    rows
        (n,) int64: which rows of the view.
    ids
        n sample ids: a tuple, or names that are made when they are asked for.
    labels
        head -> (n,) int64 on the CPU; ``UNLABELLED`` where a row has none.
    beside
        Views of teachers that speak live, with the same rows.
    """

    view: View
    rows: np.ndarray
    ids: Sequence[str]
    labels: Mapping[str, Tensor]
    beside: Mapping[str, View] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def digest(self) -> str:
        """sha256, in hexadecimal, of which samples these are: of all ids, or of the rows and ``NAMED`` ids
        where there are millions.
        """
        lazy = isinstance(self.ids, RowIds)
        found = hashlib.sha256(np.ascontiguousarray(self.rows) if lazy else b"")
        every = max(len(self) // NAMED, 1) if lazy else 1
        found.update("\n".join(self.ids[at] for at in range(0, len(self), every)).encode())
        return found.hexdigest()

    def batch(self, positions: Sequence[int], look: AnyLook = None) -> Batch:
        """The samples at ``positions`` (0 to n - 1), in that order, as they are shown under ``look``."""
        positions = np.asarray(positions, dtype=np.int64)
        rows = self.rows[positions].tolist()
        return self.joined(positions, [view.fetch(rows, look) for view in self.views], look)

    @property
    def views(self) -> tuple[View, ...]:
        """Every view that a batch is made of: the samples' own, then those beside it."""
        return (self.view, *self.beside.values())

    def joined(self, positions: np.ndarray, fetched: Sequence[Fetched], look: AnyLook) -> Batch:
        """What each of ``views`` shows of the samples at ``positions`` under ``look``, with their ids and
        labels.
        """
        own, *others = fetched
        index = torch.from_numpy(positions)
        labels = {head: values[index] for head, values in self.labels.items()}
        return Batch(
            ids=tuple(self.ids[i] for i in positions),
            inputs=own.inputs,
            labels={**labels, **own.labels},
            beside={teacher: other.inputs for teacher, other in zip(self.beside, others, strict=True)},
            look=look,
        )


def join(view: View, samples: pa.Table, rows: Sequence[int]) -> Samples:
    """``rows`` of a view whose row r is row r of the ``samples`` table; ids and labels come from the table.

    Raises DataError if the view and the table differ in length.
    """
    if len(view) != samples.num_rows:
        raise DataError(
            f"view of {len(view)} rows",
            "samples",
            f"{samples.num_rows} rows, one a sample",
            "build the view from this table",
        )
    rows = np.asarray(rows, dtype=np.int64)
    chosen = samples.take(pa.array(rows))
    labels = {}
    for head in heads_of(samples):
        column = chosen.column(f"{head}_id").combine_chunks()
        if column.null_count < len(column):
            labels[head] = torch.from_numpy(
                column.fill_null(UNLABELLED).to_numpy(zero_copy_only=False).astype(np.int64)
            )
    return Samples(view=view, rows=rows, ids=tuple(chosen.column("sample_id").to_pylist()), labels=labels)


def own_rows(view: View, ids: Sequence[str], rows: Sequence[int] | None = None) -> Samples:
    """All rows (or ``rows``) of a view that makes its own, such as sequences of recipe phrases; its ``fetch``
    labels them.
    """
    rows = np.arange(len(view)) if rows is None else np.asarray(rows, dtype=np.int64)
    named = ids.of(rows) if isinstance(ids, RowIds) else tuple(ids[row] for row in rows)
    return Samples(view=view, rows=rows, ids=named, labels={})


def class_counts(samples: Samples) -> dict[str, Tensor]:
    """head -> (classes up to the largest label,) int64: how often each class is a label."""
    return {head: torch.bincount(values[values != UNLABELLED]) for head, values in samples.labels.items()}


def check_boundary(samples: Samples, table: pa.Table, limit: str = "window_stop_s") -> None:
    """Raise DataError if any row shows something later than the time in column ``limit``: the end of its
    observation window.

    It is asked of every sample, by time stamps, before anything is trained on it. Equal times may differ by a
    rounding.
    """
    stops = table.column(limit).to_numpy()
    for row, sample_id in zip(samples.rows.tolist(), samples.ids):
        newest = samples.view.newest_s(row)
        if not newest <= stops[row] + ROUNDING_S:  # nor a time that is no number
            raise DataError(
                f"the view shows {newest:.3f} s",
                f"samples: {sample_id}",
                f"nothing after {stops[row]:.3f} s ({limit})",
                "mend the view, or name the exception by its history_rule",
            )


@dataclass(frozen=True, kw_only=True)
class Request:
    """Pieces of a batch that are prepared together: positions into ``samples``, each shown under ``look``."""

    samples: Samples
    pieces: tuple[np.ndarray, ...]
    look: AnyLook = None


@dataclass(frozen=True, kw_only=True)
class Share:
    """Which pieces of every global batch are this process's: ``first`` to ``first + count - 1`` of
    ``total``.
    """

    first: int = 0
    count: int = 1
    total: int = 1


@dataclass(frozen=True, kw_only=True)
class Loader:
    """Global batches of ``batch`` samples, in an order that depends on ``seed`` and the epoch alone.

    With ``buckets`` rows of like length (``view.weights``) come together. With ``looks`` an epoch shows one
    of so many looks (``kept_look``), in turn; with 0 every epoch is another look.
    """

    samples: Samples
    batch: int
    seed: int = 0
    buckets: bool = False
    looks: int = 0

    def look(self, epoch: int) -> Look:
        """How an epoch shows its samples."""
        return kept_look(epoch % self.looks) if self.looks else Look(self.seed, epoch)

    @property
    def steps(self) -> int:
        """Global batches of one epoch."""
        return -(-len(self.samples) // self.batch)

    def order(self, epoch: int) -> list[np.ndarray]:
        """The global batches of an epoch, each as positions into ``samples``; every position occurs once."""
        random = np.random.default_rng([self.seed, epoch])
        order = random.permutation(len(self.samples))
        weights = self.samples.view.weights() if self.buckets else None
        if weights is None:
            return [order[start : start + self.batch] for start in range(0, len(order), self.batch)]
        length = np.asarray(weights)[self.samples.rows]
        batches = []
        for start in range(0, len(order), self.batch * POOL):
            pool = order[start : start + self.batch * POOL]
            pool = pool[np.argsort(length[pool], kind="stable")]
            batches += [pool[at : at + self.batch] for at in range(0, len(pool), self.batch)]
        return [batches[i] for i in random.permutation(len(batches))]

    def steps_from(self, step: int, stop: int) -> Iterator[tuple[int, int, np.ndarray]]:
        """(step, epoch, positions) of the global batches ``step`` to ``stop`` - 1, counted from the start of
        the training.
        """
        epoch, within = divmod(step, self.steps)
        while step < stop:
            for positions in self.order(epoch)[within:]:
                if step >= stop:
                    return
                yield step, epoch, positions
                step += 1
            epoch, within = epoch + 1, 0

    def requests(self, step: int, stop: int, share: Share) -> Iterator[Request]:
        """This process's pieces of the global batches ``step`` to ``stop`` - 1. A batch is cut into pieces
        whose sizes differ by at most one sample, so some of a small one are empty.
        """
        pieces = slice(share.first, share.first + share.count)
        for _, epoch, positions in self.steps_from(step, stop):
            cut = tuple(np.array_split(positions, share.total)[pieces])
            yield Request(samples=self.samples, pieces=cut, look=self.look(epoch))

    def in_order(self, first: int = 0, stride: int = 1) -> Iterator[Request]:
        """Batches of the samples ``first``, ``first + stride``, ..., undisturbed by augmentation."""
        mine = np.arange(first, len(self.samples), stride)
        for start in range(0, len(mine), self.batch):
            yield Request(samples=self.samples, pieces=(mine[start : start + self.batch],))
