"""What a score file is worth: the content of ``metrics.json`` for a cache of ours or anyone's archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.heads import head_logits
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import Targets, check_windows, report, targets
from foretaste.scores.exchange import read_split
from foretaste.scores.format import HELD_OUT
from foretaste.scores.reader import open_scores


def evaluate(scores: Path, samples: Path, split: str, classes: ClassSpace | None) -> dict[str, Any]:
    """The content of ``metrics.json`` for a score cache (folder) or a file of scores, with what they tell of
    themselves.

    split
        Of the samples, or ``held_out``: the training videos that a model's sibling never saw, where choices
        are made.
    classes
        The dataset's label space; None: that of the scores.
    """
    scored, table = read_split(scores, split), read_table(samples, SAMPLES)
    wanted = _held_out(table, scored.sample_ids, scores) if split == HELD_OUT else targets(table, split)
    space = classes or scored.classes
    facts: dict[str, Any] = {} if scores.is_file() else open_scores(scores).manifest
    names, protocol = {"model": facts.get("model")}, facts.get("facts", {}).get("protocol", {})
    if "tau_a" in protocol:
        check_windows(table, protocol["tau_a"], samples, scores)
    logits = head_logits(scored, wanted, space, scores)
    return report(measure(logits, wanted, space), len(wanted), split, protocol, names)


def _held_out(samples: pa.Table, scored: Sequence[str], scores: Path) -> Targets:
    """The labelled training samples among the ``scored`` ones; DataError for one that is no training
    sample.
    """
    training = samples.filter(pc.equal(samples["split"], "training"))["sample_id"].to_pylist()
    if strangers := sorted(set(scored) - set(training)):
        raise DataError(
            f"{len(strangers)} samples that are not in training, first {strangers[0]!r}",
            scores,
            "scores of held-out training videos",
            "name the split that these scores are of",
        )
    return targets(samples, "training").among(scored)
