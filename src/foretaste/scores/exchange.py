"""Scores in other people's formats: NumPy archives of plain logits, and top-K lists to share.

    F.npz            sample_id (n,) text, and by the name of each head that is scored (n, C) float32 logits
    F.classes.json   class order of the columns

Any program that writes such a pair can have its scores evaluated here. Logarithms of probabilities are
logits; probabilities are not.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself, first_line
from foretaste.pipeline import artifact
from foretaste.scores.format import pack
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.topk import top_k


@dataclass(frozen=True)
class SplitScores:
    """Logits of one split from wherever they came: ``logits[head]`` is (n, C) float32, row i of
    ``sample_ids[i]``.
    """

    sample_ids: tuple[str, ...]
    logits: dict[str, np.ndarray]
    classes: ClassSpace


def read_split(path: str | Path, split: str) -> SplitScores:
    """One split of a score cache (a folder), or a whole NumPy archive (a file ``F.npz`` beside
    ``F.classes.json``).

    Raises DataError for what is unreadable, not finite, of other shapes than the classes say, or
    probabilities.
    """
    path = Path(path)
    found = _read_npz(path) if path.suffix == ".npz" else _read_cache(path, split)
    refuse_probabilities(found, path)
    return found


def _read_cache(path: Path, split: str) -> SplitScores:
    scores = open_scores(path)
    return SplitScores(
        scores.sample_ids(split), {head: scores.logits(split, head) for head in scores.heads}, scores.classes
    )


def classes_beside(path: Path) -> Path:
    """Where the class order of the export ``path`` stands."""
    return path.with_suffix(".classes.json")


def export_npz(scores: Scores, split: str, path: Path) -> None:
    """Write one split as ``path`` (.npz) and its class order beside it, each whole or not at all."""
    arrays = {
        "sample_id": np.array(scores.sample_ids(split)),
        **{head: scores.logits(split, head) for head in scores.heads},
    }
    with artifact.whole(path) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)
    _write_classes(scores, path)


def export_top_k(scores: Scores, split: str, path: Path, k: int) -> None:
    """Write the top-K lists of one split as safetensors, 25 times smaller than EPIC-55's full logits at K =
    50.

    Tensors: ``<head>.index`` (n, K) int32, ``<head>.logit`` (n, K) float16 relative to the row's maximum,
    ``<head>.max``, ``<head>.logsumexp`` and ``<head>.tail`` (n,) float32, ``sample_id`` and
    ``sample_id_stop`` as in a shard. The identity of the scores they were cut from is the file's metadata.
    """
    tensors = dict(zip(("sample_id", "sample_id_stop"), pack(scores.sample_ids(split)), strict=True))
    for head in scores.heads:
        logits = scores.logits(split, head)
        cut = top_k(logits, min(k, logits.shape[1]))
        highest = cut.logits[:, :1]
        tensors |= {
            f"{head}.index": cut.indices,
            f"{head}.logit": (cut.logits - highest).astype(np.float16),
            f"{head}.max": highest[:, 0].copy(),
            f"{head}.logsumexp": scores.logsumexp(split, head),
            f"{head}.tail": cut.tail,
        }
    with artifact.whole(path) as partial:
        save_file(tensors, partial, metadata={"identity": scores.identity})
    _write_classes(scores, path)


def _write_classes(scores: Scores, path: Path) -> None:
    with artifact.whole(classes_beside(path)) as partial:
        partial.write_text(scores.classes.to_json(), encoding="utf-8")


def _read_npz(path: Path) -> SplitScores:
    classes = read_classes(classes_beside(path))
    arrays = _arrays(path)
    heads = [head for head in classes.heads if head in arrays]
    if "sample_id" not in arrays or not heads or set(arrays) != {"sample_id", *heads}:
        raise DataError(
            f"arrays {sorted(arrays)}",
            path,
            f"sample_id and some of {', '.join(classes.heads)}, the heads of {classes_beside(path).name}",
            "rename the arrays",
        )
    ids = _ids(arrays["sample_id"], path)
    logits = {head: _logits(arrays[head], head, ids, len(classes.names(head)), path) for head in heads}
    return SplitScores(ids, logits, classes)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    check_is_itself(path)
    try:
        if not zipfile.is_zipfile(path):
            raise zipfile.BadZipFile("not a zip file")
        # An open file: numpy leaves one that it opened itself open when the archive is damaged.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
    except UNREADABLE as error:
        reason = f"unreadable score file ({first_line(error)})"
        raise DataError(
            reason, path, "a NumPy archive without pickles", "write it with numpy.savez"
        ) from error
    if odd := [name for name, values in found.items() if not isinstance(values, np.ndarray)]:
        raise DataError(f"{odd[0]} is no array", path, "a NumPy archive", "write it with numpy.savez")
    return found


def _ids(values: np.ndarray, path: Path) -> tuple[str, ...]:
    if values.ndim != 1 or values.dtype.kind not in "Uiu":
        raise DataError(
            f"sample_id is {values.dtype} {values.shape}", path, "(n,) text", "write the ids of the samples"
        )
    ids = tuple(str(sample) for sample in values.tolist())
    if twice := [sample for sample, count in Counter(ids).items() if count > 1]:
        raise DataError(
            f"sample id {twice[0]!r} occurs twice", path, "unique sample ids", "write each sample once"
        )
    return ids


def _logits(values: np.ndarray, head: str, ids: tuple[str, ...], classes: int, path: Path) -> np.ndarray:
    wanted = (len(ids), classes)
    if values.shape != wanted or values.dtype.kind not in "fiu":
        raise DataError(
            f"{head} of shape {values.shape} and type {values.dtype}",
            path,
            f"logits {wanted}",
            "see F.classes.json",
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
