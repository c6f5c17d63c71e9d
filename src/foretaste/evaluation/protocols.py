"""From scores to ``metrics.json``: which samples count, and every number of a model with the settings that
decide it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.contracts.metrics import METRICS, Metric
from foretaste.contracts.tables import heads_of
from foretaste.pipeline import artifact

FORMAT = 2

#: Times that are this near are the same time.
ROUNDING_S = 1e-6

#: What of ``metrics.json`` is no head.
FACTS = ("format", "dataset", "task", "system", "seed", "model", "split", "samples", "protocol")

#: The settings that decide a number; they stand beside it, null where one does not apply.
PROTOCOL = (
    "tau_a", "history_rule", "history_from", "history_length", "prior_exponent", "ensemble_weights",
    "ensemble_seeds", "fitted_on", "labelled_share", "test_views", "window",
    "terms",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Targets:
    """The samples of one split that are counted, n of them: labelled and not dropped.

    labels
        head -> (n,) int64 class ids.
    videos
        (n,) text: the video of each.
    """

    sample_ids: tuple[str, ...]
    labels: Mapping[str, np.ndarray]
    videos: np.ndarray

    def __len__(self) -> int:
        return len(self.sample_ids)

    def among(self, ids: Collection[str]) -> Targets:
        """Those of these samples that are in ``ids``, in their own order."""
        wanted = set(ids)
        rows = np.array(
            [row for row, sample in enumerate(self.sample_ids) if sample in wanted], dtype=np.int64
        )
        labels = {head: values[rows] for head, values in self.labels.items()}
        return Targets(
            sample_ids=tuple(self.sample_ids[row] for row in rows), labels=labels, videos=self.videos[rows]
        )

    def occurrences(self, classes: ClassSpace) -> dict[str, np.ndarray]:
        """head -> (C,) int64: how often each class is a label."""
        sizes = classes.sizes(self.labels)
        return {head: np.bincount(labels, minlength=sizes[head]) for head, labels in self.labels.items()}


def targets(samples: pa.Table, split: str) -> Targets:
    """Every sample of ``split`` that has labels and is not dropped, in the table's order; DataError where
    there is none.

    Labels are those that the table has at all.
    """
    usable = pc.and_(pc.equal(samples.column("split"), split), pc.is_null(samples.column("dropped_because")))
    there = heads_of(samples)
    heads = [head for head in there if samples.column(f"{head}_id").null_count < samples.num_rows]
    for head in heads or there:
        usable = pc.and_(usable, pc.is_valid(samples.column(f"{head}_id")))
    rows = samples.filter(usable)
    if not rows.num_rows:
        there = ", ".join(sorted(set(samples.column("split").to_pylist())))
        raise DataError(
            f"no labelled samples of split {split!r}",
            "samples",
            f"a split among {there}",
            "choose another split",
        )
    labels = {head: rows.column(f"{head}_id").to_numpy().astype(np.int64) for head in heads}
    videos = np.array(rows.column("video_id").to_pylist(), dtype=str)
    return Targets(sample_ids=tuple(rows.column("sample_id").to_pylist()), labels=labels, videos=videos)


def counted(metric: Metric, head: str, wanted: Targets, classes: ClassSpace) -> np.ndarray | None:
    """(m,) int64: the samples that a metric of a head is about: all of them, or those of its group of samples
    or of classes. None where the dataset, or the head, has no such group.
    """
    if metric.group is None:
        return np.arange(len(wanted))
    if metric.group in classes.sample_groups:
        return np.flatnonzero(np.isin(wanted.videos, classes.sample_groups[metric.group]))
    of = classes.main if metric.of_main else head
    ids = classes.groups.get(metric.group, {}).get(of)
    return None if ids is None else np.flatnonzero(np.isin(wanted.labels[of], ids))


def rows_of(wanted: Sequence[str], scored: Sequence[str], where: object) -> np.ndarray:
    """(n,) the position in ``scored`` of every wanted sample; raises DataError that names the first one
    without a score.
    """
    position = {sample: row for row, sample in enumerate(scored)}
    missing = [sample for sample in wanted if sample not in position]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(wanted)} samples without a score, first {missing[0]!r}",
            where,
            "a score for every sample",
            "score them all",
        )
    return np.array([position[sample] for sample in wanted], dtype=np.int64)


def report(
    measured: Mapping[str, Any],
    samples: int,
    split: str,
    protocol: Mapping[str, Any],
    names: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of ``metrics.json``.

    protocol
        Values of ``PROTOCOL``; absent ones become null. Raises DataError for any other key.
    names
        ``dataset``, ``task``, ``system``, ``seed``, ``model``; absent ones become null.
    """
    strangers = sorted(set(protocol) - set(PROTOCOL))
    if strangers:
        raise DataError(
            f"protocol settings {', '.join(strangers)}",
            "evaluate: protocol",
            f"some of {', '.join(PROTOCOL)}",
            "correct them",
        )
    return {
        "format": FORMAT,
        **{name: names.get(name) for name in ("dataset", "task", "system", "seed", "model")},
        "split": split,
        "samples": samples,
        "protocol": {name: protocol.get(name) for name in PROTOCOL},
        **measured,
    }


def heads_in(metrics: Mapping[str, Any]) -> list[str]:
    """The heads that a ``metrics.json`` speaks of."""
    return [name for name in metrics if name not in FACTS]


def read_metrics(path: Path) -> dict[str, Any]:
    """A ``metrics.json`` of this format and of these metrics; raises DataError for any other, which a table
    cannot hold beside it.
    """
    metrics = artifact.read_json(path)
    if not isinstance(metrics, dict) or metrics.get("format") != FORMAT:
        raise DataError(
            "metrics of another version", path, f"format {FORMAT}", "evaluate again: snakemake -R evaluate"
        )
    for head in heads_in(metrics):
        if odd := sorted(set(METRICS).symmetric_difference(metrics[head])):
            raise DataError(
                f"metrics of another version ({head}: {odd[0]})",
                path,
                f"{', '.join(METRICS)}",
                "evaluate again: snakemake -R evaluate",
            )
    return metrics


def check_windows(table: pa.Table, tau_a: float | None, samples: Path, scores: Path) -> None:
    """Raise DataError unless the windows of the samples are those of the task that the scores are of: they
    end ``tau_a`` before the target; without one (recognition) they do not end before it.

    Samples of two tasks have the same ids, for both are called by their segments.
    """
    gaps = pc.subtract(table["target_start_s"], table["window_stop_s"]).to_numpy()
    fits = gaps <= ROUNDING_S if tau_a is None else np.abs(gaps - tau_a) <= ROUNDING_S
    if not fits.all():
        told = "of no anticipation" if tau_a is None else f"of anticipation {tau_a:g} s ahead"
        raise DataError(
            f"scores {told}, samples whose window ends {gaps[~fits][0]:.4g} s before the target",
            f"{scores}, {samples}",
            "samples of the task that was scored",
            "name the samples that these scores are of",
        )
