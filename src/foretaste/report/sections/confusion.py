"""What is taken for what: the verbs and nouns of the headline's models, or the only head of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.heatmap import heatmap

TITLE = "Confusion"

#: Classes of a picture, the most frequent; rows of a table.
MOST, LISTED = 14, 12


@dataclass(frozen=True)
class Mistake:
    """``truth`` is taken for ``said``: per cent of its ``samples``, with either model of the headline."""

    truth: str
    said: str
    samples: int
    a: float
    b: float


@dataclass(frozen=True)
class OfHead:
    """A head: the finished SVG of model a, and the most frequent mistakes of both models together."""

    head: str
    classes: int
    shown: int
    picture: Markup
    mistakes: Sequence[Mistake]


@dataclass(frozen=True)
class Confusion:
    """``a`` and ``b`` are the labels of the headline's models."""

    a: str
    b: str
    heads: Sequence[OfHead]


@dataclass(frozen=True)
class Counts:
    """How often (C, C) the row's class is taken for the column's, over all seeds and worlds; ``names`` of the
    classes, C.
    """

    names: Sequence[str]
    times: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """(C, C) per cent of a row; 0 of a class without samples."""
        return 100 * self.times / np.maximum(self.times.sum(axis=1, keepdims=True), 1)


def build(runs: FinishedRuns) -> Confusion | None:
    """None where no pair was run, or both answer none of the heads."""
    if runs.headline is None:
        return None
    a, b = runs.headline
    heads = runs.heads[1:] or runs.heads
    found = [_of_head(head, counted(runs, a, head), counted(runs, b, head)) for head in heads]
    shown = [one for one in found if one is not None]
    return Confusion(runs.label(a), runs.label(b), shown) if shown else None


def counted(runs: FinishedRuns, model: str, head: str) -> Counts | None:
    """Classes by name, for worlds may have others; None where the model does not answer the head."""
    names = list(dict.fromkeys(name for world in runs.worlds for name in world.classes.names(head)))
    place = {name: number for number, name in enumerate(names)}
    times = np.zeros((len(names), len(names)), dtype=np.int64)
    for world in runs.worlds:
        ids = np.array([place[name] for name in world.classes.names(head)])
        for seed in world.seeds(model):
            said = runs.said(world, model, seed, head)
            if said is None or head not in world.wanted.labels:
                return None
            np.add.at(times, (ids[world.wanted.labels[head]], ids[said.ranked.argmax(axis=1)]), 1)
    return Counts(names, times)


def _of_head(head: str, a: Counts | None, b: Counts | None) -> OfHead | None:
    if a is None or b is None:
        return None
    occurs = a.times.sum(axis=1)
    order = [int(c) for c in np.argsort(-occurs, kind="stable") if occurs[c]][:MOST]
    shown = a.shares[np.ix_(order, order)]
    elsewhere = 100 - shown.sum(axis=1, keepdims=True)
    names = [a.names[c] for c in order]
    columns = [*names, "another"] if elsewhere.max() > 0.5 else names
    values = np.hstack([shown, elsewhere])[:, : len(columns)]
    return OfHead(
        head=head,
        classes=int((occurs > 0).sum()),
        shown=len(order),
        picture=heatmap(names, columns, values, f"{head}: what is taken for what, %"),
        mistakes=mistakes(a, b),
    )


def mistakes(a: Counts, b: Counts) -> list[Mistake]:
    """The pairs that either model confuses most often, the most frequent first."""
    together = a.times / max(a.times.sum(), 1) + b.times / max(b.times.sum(), 1)
    np.fill_diagonal(together, 0)
    order = np.argsort(-together, axis=None, kind="stable")[:LISTED]
    pairs = [np.unravel_index(place, together.shape) for place in order if together.flat[place] > 0]
    shares, samples = (a.shares, b.shares), a.times.sum(axis=1)
    return [
        Mistake(a.names[t], a.names[s], int(samples[t]), *(float(one[t, s]) for one in shares))
        for t, s in pairs
    ]
