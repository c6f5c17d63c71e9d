"""Checking a score cache as a whole: what opening it leaves to whoever has the time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.scores.format import rounding
from foretaste.scores.reader import Scores, open_scores


def verify(path: str | Path) -> Scores:
    """Read everything and check it; returns the opened scores.

    Checked: identity and class list, the sha256 of every shard, numbers of rows, entries and samples, unique sample ids a
    view, unique inputs, no file that the manifest does not list, finite values with maximum 0, and that every stored
    logsumexp follows from the stored logits up to the rounding of fp16.

    Raises DataError listing everything that is wrong.
    """
    scores = open_scores(path)
    wrong = []
    listed = {shard["file"] for shard in scores.manifest["shards"]} | {"manifest.json", "classes.json", "README.md"}
    present = {str(file.relative_to(scores.folder)) for file in scores.folder.rglob("*") if file.is_file()}
    wrong += [f"{file} is not in the manifest" for file in sorted(present - listed)]
    for split in scores.splits:
        try:
            wrong += [f"split {split}: {problem}" for problem in _split(scores, split)]
        except DataError as error:
            wrong.append(f"split {split}: {error}")
    if wrong:
        raise DataError(
            f"{len(wrong)} faults: {'; '.join(wrong)}", path, "a whole and consistent score cache", "fetch it again, or score again"
        )
    return scores


def _split(scores: Scores, split: str) -> list[str]:
    stated, loaded = scores.manifest["splits"][split], scores._split(split)
    entries, tensors = loaded.entries, loaded.tensors
    wrong = []
    found = {"rows": len(tensors["fold"]), "entries": len(entries), "samples": len({sample for _, sample, *_ in entries})}
    wrong += [f"{count} {what}, the manifest says {stated[what]}" for what, count in found.items() if count != stated[what]]
    if len({(sample, view) for _, sample, view, *_ in entries}) != len(entries):
        wrong.append("a sample occurs twice in a view")
    if [entry[0] for entry in entries] != list(range(len(entries))):
        wrong.append("entries are missing")
    keys = {(fold, digest.tobytes()) for fold, digest in zip(tensors["fold"].tolist(), tensors["digest"], strict=True)}
    if len(keys) != found["rows"]:
        wrong.append("an input is stored twice")
    for head, classes in scores.manifest["heads"].items():
        wrong += [f"{head}: {problem}" for problem in _head(tensors, head, classes)]
    if "embedding" in tensors and not np.isfinite(tensors["embedding"]).all():
        wrong.append("the embedding is not finite")
    return wrong


def _head(tensors: dict[str, np.ndarray], head: str, classes: int) -> list[str]:
    stored, highest, stated = (tensors[f"{head}.{part}"] for part in ("logits", "max", "logsumexp"))
    if stored.shape[1] != classes or stored.dtype != np.float16:
        return [f"{stored.dtype} logits of {stored.shape[1]} classes"]
    if not (np.isfinite(stored).all() and np.isfinite(highest).all() and np.isfinite(stated).all()):
        return ["not finite"]
    if (stored.max(axis=1) != 0).any():
        return ["a row's maximum is not 0"]
    computed = highest + np.log(np.exp(stored.astype(np.float64)).sum(axis=1))
    # fp16 rounds each difference by up to 2^-11 of itself; fp32 rounds maximum and logsumexp.
    allowed = 1.1 * rounding(stored) + 4 * np.finfo(np.float32).eps * (1 + np.abs(highest)) + 1e-7
    apart = np.abs(computed - stated) - allowed
    if (apart > 0).any():
        return [f"logsumexp of row {int(apart.argmax())} does not follow from its logits"]
    return []
