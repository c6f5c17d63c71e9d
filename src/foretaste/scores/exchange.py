"""Scores in other people's formats: one table says who reads and who writes which.

    F.npz F.h5 F.parquet F.safetensors    one split (``npz``, ``hdf5``, ``topk_files``)
    F.classes.json                        class order of the columns

Any program that writes a file that is read here can have its scores evaluated, and imported as a cache.
Logarithms of probabilities are logits; probabilities are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline import artifact
from foretaste.scores.hdf5 import read_hdf5, write_hdf5
from foretaste.scores.npz import read_npz, write_npz
from foretaste.scores.plain import SplitScores, classes_beside
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.topk_files import read_parquet, write_parquet, write_top_k


@dataclass(frozen=True)
class Format:
    """A kind of file: what its name may end in, how it is read (None: it is not), and who writes it:
    ``full`` logits (scores, split, path), or the ``best`` classes (scores, split, path, k).
    """

    suffixes: tuple[str, ...]
    read: Callable[[Path, ClassSpace], SplitScores] | None
    full: Callable[[Scores, str, Path], None] | None = None
    best: Callable[[Scores, str, Path, int], None] | None = None


FORMATS = {
    "npz": Format((".npz",), read_npz, full=write_npz),
    "hdf5": Format((".h5", ".hdf5"), read_hdf5, full=write_hdf5),
    "parquet": Format((".parquet",), read_parquet, best=write_parquet),
    "topk": Format((".safetensors",), None, best=write_top_k),
}


def format_of(path: Path) -> str | None:
    """The name of the format that a file's name tells; None for any other name."""
    return next((name for name, kind in FORMATS.items() if path.suffix in kind.suffixes), None)


def read_split(path: str | Path, split: str) -> SplitScores:
    """One split of a score cache (a folder), or a whole file, its class order beside it.

    Raises DataError for what is unreadable, not finite, of other shapes than the classes say, or
    probabilities; ConfigError for a file of no known format.
    """
    path = Path(path)
    if path.is_file() or format_of(path) is not None:
        return read_file(path, classes_beside(path))
    scores = open_scores(path)
    logits = {head: scores.logits(split, head) for head in scores.heads}
    found = SplitScores(scores.sample_ids(split), logits, scores.classes)
    refuse_probabilities(found, path)
    return found


def read_file(path: Path, classes: Path) -> SplitScores:
    """The logits of a file, whose columns are in the order of the class list at ``classes``; raises as
    ``read_split``.
    """
    name = format_of(path)
    if name is None or FORMATS[name].read is None:
        readable = [suffix for kind in FORMATS.values() if kind.read for suffix in kind.suffixes]
        raise ConfigError(
            f"scores in a file {path.suffix or 'without a suffix'}",
            path,
            f"a score cache, or a file {', '.join(readable)}",
            "write the full logits in one of these formats",
        )
    found = FORMATS[name].read(path, read_classes(classes))
    refuse_probabilities(found, path)
    return found


def export(scores: Scores, split: str, name: str, path: Path, k: int = 50) -> None:
    """Write one split in the format ``name``, and its class order beside it, each whole or not at all.

    k
        Of formats that hold the best classes: how many; all where there are fewer.
    """
    kind = FORMATS[name]
    if path.suffix not in kind.suffixes:
        raise ConfigError(
            f"a file {path.suffix or 'without a suffix'} of format {name}",
            path,
            f"a name that ends in {' or '.join(kind.suffixes)}",
            "rename it, or choose another format",
        )
    classes = classes_beside(path)
    if classes.exists() and read_classes(classes) != scores.classes:
        raise ConfigError(
            "the class list of other scores",
            classes,
            f"no such file, or the class list of {scores.folder}",
            "choose another name, or remove it and the scores that it belongs to",
        )
    with artifact.whole(path) as partial:
        if kind.full is not None:
            kind.full(scores, split, partial)
        else:
            kind.best(scores, split, partial, k)
    with artifact.whole(classes) as partial:
        partial.write_text(scores.classes.to_json(), encoding="utf-8")


def refuse_probabilities(scored: SplitScores, where: object) -> None:
    """DataError where a head holds probabilities, or shares of any other whole (per cent): most rows at least
    0 and with one sum. No network's logits are like that.

    Taken for logits they rank actions as they should and still measure wrongly: the sums of exp(p), by which
    verbs and nouns are ranked, are nearly those of counting classes.
    """
    for head, logits in scored.logits.items():
        if logits.shape[1] < 2 or not len(logits):
            continue
        sums = logits.sum(axis=1, dtype=np.float64)
        whole = 1.0 if len(sums) == 1 else float(np.median(sums))
        alike = (logits >= 0).all(axis=1) & (np.abs(sums - whole) < 0.01 * whole)
        if alike.mean() > 0.5:
            raise DataError(
                f"{head} holds probabilities (rows at least 0 that sum to {whole:.3g})",
                where,
                "logits, or logarithms of probabilities",
                "write numpy.log(p), and where p is 0 a low number, such as -30",
            )
