"""Checking a score cache as a whole: what opening it leaves to whoever has the time.

The identity covers every byte, but whoever edits a cache can compute it anew. What shows even then is a
contradiction within the cache, and a file other than the one that the step left, whose digest stands in the
step's record in the store. A cache that came without that record is consistent in itself, and no more can be
said: that its rows are those of its samples and its columns those of its classes is then a matter
of trust.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.pipeline.store import entry_of, faults
from foretaste.scores.format import NO_FOLD, how_scored, rounding
from foretaste.scores.reader import Scores, open_scores


def verify(path: str | Path) -> Scores:
    """Read everything and check it; returns the opened scores.

    Checked: that every file is the one in the record of the step, where the scores lie in a store; identity
    and class list, the sha256 of every datasheet and shard, types and shapes, numbers of rows, entries and
    samples, unique sample ids a view, unique inputs, how each split was scored, no file that the manifest
    does not list, finite values with maximum 0, and that every stored logsumexp follows from the stored
    logits up to the rounding of fp16; of feature maps that lie beside the scores, identity and sha256.

    Raises DataError listing everything that is wrong.
    """
    scores = open_scores(path)
    wrong = []
    if (entry := entry_of(scores.folder)) is not None:
        wrong += [f"by the record of the step, {fault}" for fault in faults(entry)]
    listed = {shard["file"] for shard in scores.manifest["shards"]} | {"manifest.json", "classes.json"}
    listed |= set(scores.manifest.get("datasheets", ["README.md"]))
    wrong += _datasheets(scores)
    if scores.manifest["facts"].get("maps") is not None:
        try:
            listed |= {f"maps/{file}" for file in scores.maps.check()}
        except DataError as error:
            wrong.append(f"maps: {error}")
    present = {str(file.relative_to(scores.folder)) for file in scores.folder.rglob("*") if file.is_file()}
    wrong += [f"{file} is not in the manifest" for file in sorted(present - listed)]
    for split in scores.splits:
        try:
            wrong += [f"split {split}: {problem}" for problem in _split(scores, split)]
        except DataError as error:
            wrong.append(f"split {split}: {error}")
    if wrong:
        raise DataError(
            f"{len(wrong)} faults: {'; '.join(wrong)}",
            path,
            "a whole and consistent score cache",
            "fetch it again, or score again",
        )
    return scores


def _datasheets(scores: Scores) -> list[str]:
    wrong = []
    for name, stated in scores.manifest.get("datasheets", {}).items():
        file = scores.folder / name
        found = artifact.sha256(file) if file.is_file() else "missing"
        if found != stated:
            wrong.append(f"{name} ({found}) is not the one of the manifest ({stated})")
    return wrong


def _split(scores: Scores, split: str) -> list[str]:
    stated, loaded = scores.manifest["splits"][split], scores.split(split)
    entries, tensors = loaded.entries, loaded.tensors
    wrong = []
    samples = len({sample for _, sample, *_ in entries})
    if samples != stated["samples"]:
        wrong.append(f"{samples} samples, the manifest says {stated['samples']}")
    if len({row for _, _, _, row, _ in entries}) != len(tensors["fold"]):
        wrong.append("a row belongs to no sample")
    keys = {
        (fold, digest.tobytes())
        for fold, digest in zip(tensors["fold"].tolist(), tensors["digest"], strict=True)
    }
    if len(keys) != len(tensors["fold"]):
        wrong.append("an input is stored twice")
    folds = set(tensors["fold"].tolist())
    found = how_scored(split, folds, scores.manifest["trained_on"])
    if found != stated["scored"]:
        wrong.append(
            f"its folds, and the splits trained on, say {found or 'two kinds of rows'}, the manifest"
            f" {stated['scored']}"
        )
    if len(folds - {NO_FOLD}) != stated["folds"]:
        wrong.append(f"{len(folds - {NO_FOLD})} folds, the manifest says {stated['folds']}")
    for head in scores.heads:
        wrong += [f"{head}: {problem}" for problem in _head(tensors, head)]
    return wrong


def _head(tensors: dict[str, np.ndarray], head: str) -> list[str]:
    stored, highest, stated = (tensors[f"{head}.{part}"] for part in ("logits", "max", "logsumexp"))
    if (stored.max(axis=1) != 0).any():
        return ["a row's maximum is not 0"]
    computed = highest + np.log(np.exp(stored.astype(np.float64)).sum(axis=1))
    # fp16 rounds each difference by up to 2^-11 of itself; fp32 rounds maximum and logsumexp.
    allowed = 1.1 * rounding(stored) + 4 * np.finfo(np.float32).eps * (1 + np.abs(highest)) + 1e-7
    apart = np.abs(computed - stated) - allowed
    if (apart > 0).any():
        return [f"logsumexp of row {int(apart.argmax())} does not follow from its logits"]
    return []
