"""Cached targets are looked at before anybody is taught by them (``scores.diagnosis``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from foretaste.contracts.batch import UNLABELLED
from foretaste.scores.diagnosis import Diagnosis, diagnose, warnings
from foretaste.scores.reader import Scores, open_scores
from foretaste.settings.model_config import TermConfig
from foretaste.training.material import rows_of

#: The setting of every loss that teaches class probabilities.
_TEMPERATURE = "temperature"


def target_warnings(
    folders: Mapping[str, Path], objective: Sequence[TermConfig], samples: pa.Table, evaluated: str
) -> Iterator[str]:
    """What speaks against the terms of an objective that teach the probabilities of cached scores: a line
    each, with the term's name.

    folders
        teacher -> folder of its score cache.
    evaluated
        The split that tells what a teacher knows of rows that it was not trained on.
    """
    for term in objective:
        if term.teacher not in folders or _TEMPERATURE not in term.loss:
            continue
        scores = open_scores(folders[term.teacher])
        taught = _diagnosis(scores, term, samples, "training")
        if taught is not None:
            elsewhere = _diagnosis(scores, term, samples, evaluated)
            for line in warnings(taught, elsewhere, scores.scored("training")):
                yield f"{term.name}: {line}"


def _diagnosis(scores: Scores, term: TermConfig, samples: pa.Table, split: str) -> Diagnosis | None:
    """Of the labelled samples of a split; None where there are none."""
    column = f"{term.field}_id"
    if split not in scores.splits or column not in samples.column_names:
        return None
    labels = samples[column].fill_null(UNLABELLED).to_numpy().astype(np.int64)
    rows = rows_of(samples, split)
    ids, known = samples["sample_id"].take(rows).to_pylist(), set(scores.sample_ids(split))
    # A row without scores is for those to refuse who need it.
    kept = [place for place, name in enumerate(ids) if name in known]
    rows = rows[kept][labels[rows[kept]] != UNLABELLED]
    if not len(rows):
        return None
    logits = scores.logits(split, term.field, samples["sample_id"].take(rows).to_pylist())
    settings = {"temperature": term.loss[_TEMPERATURE], "k": term.loss.get("k")}
    return diagnose(logits, labels[rows], **settings)
