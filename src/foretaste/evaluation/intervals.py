"""Intervals of the arms and of their differences, from score files: ties the metrics to the jackknife."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.metrics import METRICS, Metric
from foretaste.evaluation.compare import Interval, World, paired_interval
from foretaste.evaluation.heads import scores_of
from foretaste.evaluation.metrics import label_ranks
from foretaste.evaluation.protocols import Targets, counted, targets
from foretaste.scores.exchange import read_split


@dataclass
class Ranked:
    """One world's validation samples, and the rank that each model gave to the truth in one head.

    wanted
        The n samples that are counted.
    ranks
        (model, seed) -> (n,) int64, 0 = first.
    """

    name: str
    wanted: Targets
    classes: ClassSpace
    head: str
    ranks: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)

    def read(self, model: str, seed: int, scores: Path, split: str) -> None:
        """Take over the scores of one model and seed."""
        found = read_split(scores, split)
        if found.classes != self.classes:
            raise DataError(
                "scores of another label space", scores, f"the classes of {self.name}", "score again"
            )
        ranked = scores_of(self.head, found, self.wanted, self.classes, scores)
        self.ranks[model, seed] = label_ranks(ranked, self.labels)

    @property
    def labels(self) -> np.ndarray:
        """(n,) class ids."""
        return self.wanted.labels[self.head]

    def seeds(self, model: str) -> list[int]:
        """The seeds of a model that were read."""
        return sorted(seed for name, seed in self.ranks if name == model)

    def hits(self, model: str, k: int) -> np.ndarray:
        """(S, n) whether the truth is among the first k, one row a seed."""
        return np.stack([self.ranks[model, seed] < k for seed in self.seeds(model)])

    def counted(self, metric: Metric) -> np.ndarray | None:
        """(m,) the samples that a metric is about; None where it does not apply."""
        return counted(metric, self.head, self.wanted, self.classes)


def ranked(name: str, samples: pa.Table, split: str, classes: ClassSpace, head: str | None = None) -> Ranked:
    """The counted samples of ``split``, no scores yet; ``head``: None is the main one."""
    return Ranked(name, targets(samples, split), classes, head or classes.main)


@dataclass(frozen=True, kw_only=True)
class Comparer:
    """Computes intervals on the same worlds.

    teachers
        model -> the models it learnt from. Where either arm of a comparison has one, seeds that share a
        teacher are left out together (seed k learns from the teachers of seed k mod ``teacher_seeds``).
    """

    worlds: Sequence[Ranked]
    teachers: Mapping[str, Sequence[str]]
    teacher_seeds: int

    def interval(self, a: str, b: str | None, metric: str) -> Interval | None:
        """The interval of ``metric`` of a minus that of b (of a alone where b is None), in points; None where
        the metric does not apply.

        Raises ConfigError for models with other seeds than each other.
        """
        row = METRICS[metric]
        if not row.counts_hits:
            return None
        worlds = []
        for world in self.worlds:
            seeds = world.seeds(a)
            if b is not None and {len(seeds), len(world.seeds(b))} > {1}:
                # A model that there is once, such as an average over seeds, is compared with every seed of
                # the other.
                seeds = max(seeds, world.seeds(b), key=len)
            elif b is not None and world.seeds(b) != seeds:
                raise ConfigError(
                    f"{a} has seeds {seeds}, {b} has {world.seeds(b)}",
                    "comparisons",
                    "pairs with the same seeds",
                    "compare other models",
                )
            rows = world.counted(row)
            if rows is None or not len(rows):
                return None
            hits_a = np.broadcast_to(world.hits(a, row.k)[:, rows], (len(seeds), len(rows)))
            hits_b = None if b is None else np.broadcast_to(world.hits(b, row.k)[:, rows], hits_a.shape)
            worlds.append(
                World(
                    videos=world.wanted.videos[rows],
                    labels=world.labels[rows],
                    classes=np.unique(world.labels) if row.kind == "class_mean_recall" else None,
                    groups=self._groups(a, b, seeds),
                    hits_a=hits_a,
                    hits_b=hits_b,
                )
            )
        found = paired_interval(worlds)
        low, high = (None if limit is None else 100 * limit for limit in (found.low, found.high))
        return replace(found, difference=100 * found.difference, low=low, high=high)

    def _groups(self, a: str, b: str | None, seeds: Sequence[int]) -> np.ndarray:
        shared = self.teachers.get(a) or (b is not None and self.teachers.get(b))
        return np.array([seed % self.teacher_seeds if shared else seed for seed in seeds])


def comparisons(comparer: Comparer, pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Entries of ``comparisons`` in ``summary.json``: every pair, every metric that applies."""
    found = []
    for a, b in pairs:
        for metric in METRICS:
            interval = comparer.interval(a, b, metric)
            if interval is not None:
                found.append({"a": a, "b": b, "metric": metric, **asdict(interval)})
    return found


def check_against(summary_arms: Mapping[str, Any], found: Sequence[Mapping[str, Any]], head: str) -> None:
    """Raises DataError where a difference does not follow from the means that ``metrics.json`` files hold."""
    for one in found:
        means = [summary_arms[one[side]][head][one["metric"]]["mean"] for side in ("a", "b")]
        if not abs(one["difference"] - (means[0] - means[1])) <= 1e-6:  # nor is NaN
            raise DataError(
                f"{one['a']} minus {one['b']} in {one['metric']} is {one['difference']:.4f} from scores,"
                f" {means[0] - means[1]:.4f} from metrics",
                "report",
                "metrics made from these scores",
                "evaluate again",
            )
