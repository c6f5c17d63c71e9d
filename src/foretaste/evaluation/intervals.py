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
from foretaste.evaluation.compare import Interval, World, paired_interval
from foretaste.evaluation.metrics import label_ranks, many_shot_actions, tail_actions
from foretaste.evaluation.protocols import Targets, rows_of, targets, unseen
from foretaste.scores.exchange import read_split

#: metric -> (k of the hit, classes that are averaged; None: samples are).
_MEANS = {
    "top1": (1, None),
    "top5": (5, None),
    "class_mean_recall1": (1, "all"),
    "class_mean_recall5": (5, "all"),
    "many_shot_recall5_and": (5, "and"),
    "many_shot_recall5_or": (5, "or"),
    "class_mean_recall5_unseen": (5, "all"),
    "class_mean_recall5_tail": (5, "tail"),
}


@dataclass
class Ranked:
    """One world's validation samples, and the rank that each model gave to the truth.

    wanted
        The n samples that are counted.
    ranks
        (model, seed) -> (n,) int64, 0 = first.
    """

    name: str
    wanted: Targets
    classes: ClassSpace
    ranks: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)

    def read(self, model: str, seed: int, scores: Path, split: str) -> None:
        """Take over the action scores of one model and seed."""
        found = read_split(scores, split)
        if found.classes != self.classes:
            raise DataError(
                "scores of another label space", scores, f"the classes of {self.name}", "score again"
            )
        logits = found.logits["action"][rows_of(self.wanted.sample_ids, found.sample_ids, scores)]
        self.ranks[model, seed] = label_ranks(logits, self.wanted.labels["action"])

    def seeds(self, model: str) -> list[int]:
        """The seeds of a model that were read."""
        return sorted(seed for name, seed in self.ranks if name == model)

    def hits(self, model: str, k: int) -> np.ndarray:
        """(S, n) whether the truth is among the first k, one row a seed."""
        return np.stack([self.ranks[model, seed] < k for seed in self.seeds(model)])

    def averaged(self, metric: str) -> np.ndarray | None:
        """The class ids that a metric averages over; None for a mean over samples."""
        which = _MEANS[metric][1]
        if which is None:
            return None
        if which == "all":
            return np.arange(len(self.classes.action))
        return np.array(
            tail_actions(self.classes) if which == "tail" else many_shot_actions(self.classes, which),
            dtype=np.int64,
        )

    def counted(self, metric: str) -> np.ndarray:
        """(m,) the samples that a metric is about: all of them, or those of unseen participants."""
        return (
            np.flatnonzero(unseen(self.wanted, self.classes))
            if metric.endswith("_unseen")
            else np.arange(len(self.wanted))
        )


def ranked(name: str, samples: pa.Table, split: str, classes: ClassSpace) -> Ranked:
    """The counted samples of ``split``, no scores yet."""
    return Ranked(name, targets(samples, split), classes)


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
        k, _ = _MEANS[metric]
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
            classes, rows = world.averaged(metric), world.counted(metric)
            labels = world.wanted.labels["action"][rows]
            if classes is not None and not np.isin(classes, labels).any():
                return None
            hits_a = np.broadcast_to(world.hits(a, k)[:, rows], (len(seeds), len(rows)))
            hits_b = None if b is None else np.broadcast_to(world.hits(b, k)[:, rows], hits_a.shape)
            worlds.append(
                World(
                    videos=world.wanted.videos[rows],
                    labels=labels,
                    classes=classes,
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


def comparisons(
    comparer: Comparer, pairs: Sequence[tuple[str, str]], metrics: Sequence[str]
) -> list[dict[str, Any]]:
    """Entries of ``comparisons`` in ``summary.json``: every pair, every metric that applies."""
    found = []
    for a, b in pairs:
        for metric in metrics:
            interval = comparer.interval(a, b, metric)
            if interval is not None:
                found.append({"a": a, "b": b, "metric": metric, **asdict(interval)})
    return found


def check_against(summary_arms: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> None:
    """Raises DataError where a difference does not follow from the means that ``metrics.json`` files hold."""
    for one in found:
        means = [summary_arms[one[side]]["action"][one["metric"]]["mean"] for side in ("a", "b")]
        if abs(one["difference"] - (means[0] - means[1])) > 1e-6:
            raise DataError(
                f"{one['a']} minus {one['b']} in {one['metric']} is {one['difference']:.4f} from scores,"
                f" {means[0] - means[1]:.4f} from metrics",
                "report",
                "metrics made from these scores",
                "evaluate again",
            )
