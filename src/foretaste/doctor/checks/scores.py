"""Do cached scores fit the dataset: whole, of these classes in this order, of these samples, and right more
often than a guess?
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from foretaste.contracts.errors import DataError
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings, NothingToCheckError
from foretaste.doctor.sampled import sampled
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.verify import verify

#: Fewer labelled rows tell nothing.
ROWS = 30


def look(dataset: Examined, found: Findings) -> str:
    """Every cache that ``--scores`` names."""
    if not dataset.asked.scores:
        raise NothingToCheckError("none was named (--scores FOLDER)")
    return "; ".join(_cache(dataset, folder, found) for folder in dataset.asked.scores)


def _cache(dataset: Examined, folder: Path, found: Findings) -> str:
    try:
        scores = verify(folder)
    except DataError as error:
        found.error(error)
        scores = open_scores(folder)
    _classes(dataset, scores, found)
    tables = [sampled(dataset, task).samples for task in dataset.tasks]
    samples = pa.concat_tables(tables)
    counts = [f"{split} {_split(scores, split, samples, found):,}" for split in scores.splits]
    _guessing(scores, samples, found)
    return f"{folder}: {', '.join(counts)} samples"


def _classes(dataset: Examined, scores: Scores, found: Findings) -> None:
    for head in scores.heads:
        ours, theirs = dataset.annotations.classes.heads.get(head, ()), scores.classes.names(head)
        if ours == theirs:
            continue
        pairs = [(at, one, other) for at, (one, other) in enumerate(zip(theirs, ours)) if one != other]
        first = f"class {pairs[0][0]} is {pairs[0][1]!r}" if pairs else f"{len(theirs)} classes"
        same = sorted(ours) == sorted(theirs)
        found.fail(
            f"scores of other {head} classes: {first}{' (the same names in another order)' if same else ''}",
            scores.folder,
            f"{pairs[0][2]!r}" if pairs else f"{len(ours)} classes",
            "score again with these labels; columns would be taken for other classes",
        )


def _split(scores: Scores, split: str, samples: pa.Table, found: Findings) -> int:
    """How many samples it has."""
    scored = scores.sample_ids(split)
    own = samples.filter(pa.compute.equal(samples["split"], split))
    usable = own.filter(pa.compute.is_null(own["dropped_because"]))
    known, wanted = set(own["sample_id"].to_pylist()), set(usable["sample_id"].to_pylist())
    if strangers := sorted(set(scored) - known):
        found.fail(
            f"{len(strangers)} scored samples that {split} does not have: {', '.join(strangers[:3])}",
            scores.folder,
            "the samples of the split",
            "score this split; or the scores are of another version of the labels",
        )
    if absent := sorted(wanted - set(scored)):
        found.fail(
            f"{len(absent):,} of {len(wanted):,} samples of {split} are not scored: {', '.join(absent[:3])}",
            scores.folder,
            "scores of every sample",
            "score again with the samples of this run",
        )
    return len(scored)


def _guessing(scores: Scores, samples: pa.Table, found: Findings) -> None:
    """Rows or columns that stand in another order still look like scores, but are seldom right."""
    head = scores.heads[0]
    if f"{head}_id" not in samples.column_names:
        return
    of = dict(zip(samples["sample_id"].to_pylist(), samples[f"{head}_id"].to_pylist()))
    labels: list[int] = []
    best: list[int] = []
    for split in scores.splits:
        ids = [name for name in scores.sample_ids(split) if of.get(name) is not None]
        labels += [of[name] for name in ids]
        best += scores.logits(split, head, ids).argmax(axis=1).tolist()
    if len(labels) < ROWS:
        return
    right = float((np.array(best) == np.array(labels)).mean())
    guess = float(np.bincount(labels).max() / len(labels))
    if right < guess / 2:
        found.warn(
            f"right on {right:.1%} of {len(labels):,} samples; always saying the commonest {head} is on"
            f" {guess:.1%}",
            scores.folder,
            "scores that are right more often than a guess",
            "look whether their rows or columns stand in another order",
        )
