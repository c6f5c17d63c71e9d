"""Where one model is better than another: recall of every class, and by how common the class is in
training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassGain:
    """Recall (per cent) of one class with model a and model b, over ``samples`` validation samples and all
    seeds.
    """

    name: str
    samples: int
    training: int
    a: float
    b: float

    @property
    def gain(self) -> float:
        """Points that a has more than b."""
        return self.a - self.b


def class_gains(
    names: Sequence[str], labels: np.ndarray, hits_a: np.ndarray, hits_b: np.ndarray, training: np.ndarray
) -> list[ClassGain]:
    """One entry a class that occurs among the (n,) ``labels``; hits are (S, n), ``training`` counts (C,)
    occurrences.
    """
    found = []
    for c in np.unique(labels):
        rows = labels == c
        found.append(
            ClassGain(
                names[c],
                int(rows.sum()),
                int(training[c]),
                100 * float(hits_a[:, rows].mean()),
                100 * float(hits_b[:, rows].mean()),
            )
        )
    return found


def joined(worlds: Sequence[Sequence[ClassGain]]) -> list[ClassGain]:
    """Classes of several worlds by name: recalls are means over samples of all worlds. Best gain first, then
    by name.
    """
    by_name: dict[str, list[ClassGain]] = {}
    for world in worlds:
        for one in world:
            by_name.setdefault(one.name, []).append(one)
    result = []
    for name, parts in by_name.items():
        n = sum(part.samples for part in parts)
        a, b = (
            sum(part.samples * value(part) for part in parts) / n for value in (lambda p: p.a, lambda p: p.b)
        )
        result.append(ClassGain(name, n, sum(part.training for part in parts), a, b))
    return sorted(result, key=lambda one: (-round(one.gain, 9), one.name))


def by_frequency(gains: Sequence[ClassGain]) -> list[tuple[str, int, int, int, float]]:
    """Thirds of the classes by training frequency: (name, classes, fewest, most occurrences, mean gain in
    points).
    """
    order = sorted(gains, key=lambda one: (one.training, one.name))
    thirds = [("rare", *_third(order, 0)), ("middle", *_third(order, 1)), ("frequent", *_third(order, 2))]
    return [
        (
            name,
            stop - start,
            order[start].training,
            order[stop - 1].training,
            float(np.mean([one.gain for one in order[start:stop]])),
        )
        for name, start, stop in thirds
        if stop > start
    ]


def _third(order: Sequence[ClassGain], number: int) -> tuple[int, int]:
    return round(len(order) * number / 3), round(len(order) * (number + 1) / 3)
