"""Plain logits of one split, from wherever they came, and what is checked of those that others wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError


@dataclass(frozen=True)
class SplitScores:
    """Logits of one split: ``logits[head]`` is (n, C) float32, row i of ``sample_ids[i]``."""

    sample_ids: tuple[str, ...]
    logits: dict[str, np.ndarray]
    classes: ClassSpace


def classes_beside(path: Path) -> Path:
    """Where the class order of the file ``path`` stands."""
    return path.with_suffix(".classes.json")


def checked(
    ids: np.ndarray, arrays: Mapping[str, np.ndarray], classes: ClassSpace, path: Path, called: str
) -> SplitScores:
    """What a file at ``path`` holds: ids (n,), as they are ``called`` there, and by the name of each head
    (n, C) logits.

    Raises DataError, naming the head or the sample, for heads that ``classes`` has not, ids that are neither
    text nor whole numbers or occur twice, other shapes, and values that are not finite in float32.
    """
    if strangers := sorted(set(arrays) - set(classes.heads)):
        raise DataError(
            f"scores of {strangers[0]!r}",
            path,
            f"the heads of its class list: {', '.join(classes.heads)}",
            "rename it, or give the class list of these scores",
        )
    if not arrays:
        raise DataError("no scores", path, f"some of {', '.join(classes.heads)}", "write a head at least")
    names = _ids(ids, called, path)
    logits = {
        head: _logits(arrays[head], head, names, len(classes.names(head)), path)
        for head in classes.heads
        if head in arrays
    }
    return SplitScores(names, logits, classes)


def _ids(values: np.ndarray, called: str, path: Path) -> tuple[str, ...]:
    if values.ndim != 1 or values.dtype.kind not in "Uiu":
        raise DataError(
            f"{called} is {values.dtype} {values.shape}", path, "(n,) text", "write the ids of the samples"
        )
    if not len(values):
        raise DataError("no samples", path, "one at least", "write the scores of a split")
    ids = tuple(str(sample) for sample in values.tolist())
    if twice := [sample for sample, count in Counter(ids).items() if count > 1]:
        raise DataError(
            f"sample id {twice[0]!r} occurs twice",
            path,
            "unique sample ids",
            "write each sample once (a distributed run repeats some to fill its last batch)",
        )
    return ids


def _logits(values: np.ndarray, head: str, ids: Sequence[str], classes: int, path: Path) -> np.ndarray:
    wanted = (len(ids), classes)
    if values.shape != wanted or values.dtype.kind not in "fiu":
        raise DataError(
            f"{head} of shape {values.shape} and type {values.dtype}",
            path,
            f"logits {wanted}",
            "see its class list (F.classes.json)",
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and said
        logits = values.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if len(bad):
        raise DataError(
            f"{head} is not finite, sample {ids[bad[0]]!r}",
            path,
            "finite logits",
            "score again; of probabilities that are 0 write a low number, such as -30, instead of their"
            " logarithm",
        )
    return logits
