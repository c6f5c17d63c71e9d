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

from foretaste.contracts.classes import HEADS, ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.evaluation.metrics import (
    accuracy,
    class_mean_recall,
    label_ranks,
    many_shot_actions,
    marginal,
    softmax,
    tail_actions,
)
from foretaste.pipeline import artifact
from foretaste.scores.exchange import SplitScores

FORMAT = 2

#: The settings that decide a number; they stand beside it, null where one does not apply.
PROTOCOL = (
    "tau_a", "history_rule", "history_from", "history_length", "prior_exponent", "ensemble_weights",
    "ensemble_seeds", "fitted_on", "terms",
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


def targets(samples: pa.Table, split: str) -> Targets:
    """Every sample of ``split`` that has labels and is not dropped, in the table's order; DataError where
    there is none.

    Labels are those that the table has at all: a dataset may have actions and neither verbs nor nouns.
    """
    usable = pc.and_(pc.equal(samples.column("split"), split), pc.is_null(samples.column("dropped_because")))
    heads = [head for head in HEADS if samples.column(f"{head}_id").null_count < samples.num_rows]
    for head in heads or HEADS:
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


def unseen(wanted: Targets, classes: ClassSpace) -> np.ndarray:
    """(n,) bool: samples of the participants whom the dataset lists as unseen in training."""
    return np.isin(wanted.videos, list(classes.unseen_video))


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


def action_logits(scored: SplitScores, wanted: Targets, classes: ClassSpace, where: object) -> np.ndarray:
    """(n, C) logits of ``wanted``, columns in the order of ``classes``: classes are matched by name, whatever
    their order.

    Raises DataError for scores without actions, of other actions, not finite, or lacking a sample; and for
    labels that are no class.
    """
    if "action" not in scored.logits:
        raise DataError(
            f"scores of {', '.join(scored.logits)} only",
            where,
            "action logits",
            "score a model with an action head",
        )
    logits = scored.logits["action"][rows_of(wanted.sample_ids, scored.sample_ids, where)]
    if scored.classes.action != classes.action:
        column = {name: index for index, name in enumerate(scored.classes.action)}
        strangers = sorted(set(column).symmetric_difference(classes.action))
        if strangers or len(column) != len(scored.classes.action):
            raise DataError(
                f"scores of other actions ({len(strangers)} differ, e.g. {strangers[:1]})",
                where,
                f"the {len(classes.action)} of the dataset",
                "score on this dataset",
            )
        logits = logits[:, [column[name] for name in classes.action]]
    bad = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if len(bad):
        raise DataError(
            f"scores that are not finite, sample {wanted.sample_ids[bad[0]]!r}",
            where,
            "finite logits",
            "score again",
        )
    for head, labels in wanted.labels.items():
        if labels.min() < 0 or labels.max() >= len(classes.names(head)):
            raise DataError(
                f"{head} labels {labels.min()} to {labels.max()}",
                "samples",
                f"0 to {len(classes.names(head)) - 1}, the classes of {where}",
                "evaluate scores with the samples of their own dataset",
            )
    return logits


def head_scores(action_logits: np.ndarray, classes: ClassSpace) -> dict[str, np.ndarray]:
    """Scores of each head that ``classes`` has, from (n, C) action logits: verbs and nouns are ranked by the
    sum of their actions' probabilities.
    """
    probabilities = softmax(action_logits)
    made_of = {"verb": classes.action_verb, "noun": classes.action_noun}
    scores = {"action": action_logits}
    for head, parts in made_of.items():
        if head in classes.heads:
            scores[head] = marginal(probabilities, parts, len(classes.names(head)))
    return scores


def head_metrics(
    scores: np.ndarray,
    labels: np.ndarray,
    many_shot: Mapping[str, Sequence[int]],
    tail: Sequence[int] = (),
    apart: np.ndarray | None = None,
) -> dict[str, float | None]:
    """The numbers of one head in per cent; None where there are no classes to average over.

    many_shot, tail
        Class ids of the head's lists; ``many_shot`` by meaning (``and``, ``or``).
    apart
        (n,) bool, the samples of unseen participants; None: there are none.
    """
    ranks = label_ranks(scores, labels)
    apart = np.zeros(len(labels), dtype=bool) if apart is None else apart
    found = {
        "top1": accuracy(ranks < 1),
        "top5": accuracy(ranks < 5),
        "class_mean_recall1": class_mean_recall(ranks < 1, labels),
        "class_mean_recall5": class_mean_recall(ranks < 5, labels),
        **{
            f"many_shot_recall5_{meaning}": class_mean_recall(ranks < 5, labels, ids)
            for meaning, ids in many_shot.items()
        },
        "class_mean_recall5_unseen": class_mean_recall(ranks[apart] < 5, labels[apart]),
        "class_mean_recall5_tail": class_mean_recall(ranks < 5, labels, tail),
    }
    return {name: None if share is None else 100 * share for name, share in found.items()}


def measure(
    action_logits: np.ndarray, wanted: Targets, classes: ClassSpace
) -> dict[str, dict[str, float | None]]:
    """head -> metric -> per cent, for (n, C) logits in the order of ``wanted``.

    A verb or a noun is many-shot by one list only, so both meanings of its many-shot recall are the recall
    over that list.
    """
    lists = {
        "action": {meaning: many_shot_actions(classes, meaning) for meaning in ("and", "or")},
        "verb": dict.fromkeys(("and", "or"), classes.many_shot_verb),
        "noun": dict.fromkeys(("and", "or"), classes.many_shot_noun),
    }
    tails = {"action": tail_actions(classes), "verb": classes.tail_verb, "noun": classes.tail_noun}
    apart = unseen(wanted, classes)
    return {
        head: head_metrics(scores, wanted.labels[head], lists[head], tails[head], apart)
        for head, scores in head_scores(action_logits, classes).items()
        if head in wanted.labels
    }


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
        ``dataset``, ``system``, ``seed``, ``model``; absent ones become null.
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
        **{name: names.get(name) for name in ("dataset", "system", "seed", "model")},
        "split": split,
        "samples": samples,
        "protocol": {name: protocol.get(name) for name in PROTOCOL},
        **measured,
    }


def read_metrics(path: Path) -> dict[str, Any]:
    """A ``metrics.json`` of this format; raises DataError for any other, which a table cannot hold beside
    it.
    """
    metrics = artifact.read_json(path)
    if not isinstance(metrics, dict) or metrics.get("format") != FORMAT:
        raise DataError(
            "metrics of another version", path, f"format {FORMAT}", "evaluate again: snakemake -R evaluate"
        )
    return metrics
