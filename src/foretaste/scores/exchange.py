"""Scores in other people's formats: NumPy archives of plain logits, and top-K lists to share.

    F.npz            sample_id (n,) text, and action, verb, noun (n, C) float32 logits, as far as there are such heads
    F.classes.json   class order of the columns

Any program that writes such a pair can have its scores evaluated here.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from foretaste.contracts.classes import HEADS, ClassSpace, read_classes
from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.scores.format import pack
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.topk import top_k


@dataclass(frozen=True)
class SplitScores:
    """Logits of one split from wherever they came: ``logits[head]`` is (n, C) float32, row i of ``sample_ids[i]``."""

    sample_ids: tuple[str, ...]
    logits: dict[str, np.ndarray]
    classes: ClassSpace


def read_split(path: str | Path, split: str) -> SplitScores:
    """One split of a score cache (a folder), or a whole NumPy archive (a file ``F.npz`` beside ``F.classes.json``)."""
    path = Path(path)
    if path.suffix == ".npz":
        return _read_npz(path)
    scores = open_scores(path)
    return SplitScores(scores.sample_ids(split), {head: scores.logits(split, head) for head in scores.heads}, scores.classes)


def classes_beside(path: Path) -> Path:
    """Where the class order of the export ``path`` stands."""
    return path.with_suffix(".classes.json")


def export_npz(scores: Scores, split: str, path: Path) -> None:
    """Write one split as ``path`` (.npz) and its class order beside it, each whole or not at all."""
    arrays = {"sample_id": np.array(scores.sample_ids(split)), **{head: scores.logits(split, head) for head in scores.heads}}
    with artifact.whole(path) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)
    _write_classes(scores, path)


def export_top_k(scores: Scores, split: str, path: Path, k: int) -> None:
    """Write the top-K lists of one split as safetensors, 25 times smaller than EPIC-55's full logits at K = 50.

    Tensors: ``<head>.index`` (n, K) int32, ``<head>.logit`` (n, K) float16 relative to the row's maximum, ``<head>.max``,
    ``<head>.logsumexp`` and ``<head>.tail`` (n,) float32, ``sample_id`` and ``sample_id_stop`` as in a shard. The identity of
    the scores they were cut from is the file's metadata.
    """
    tensors = dict(zip(("sample_id", "sample_id_stop"), pack(scores.sample_ids(split)), strict=True))
    for head in scores.heads:
        logits = scores.logits(split, head)
        cut = top_k(logits, min(k, logits.shape[1]))
        highest = cut.logits[:, :1]
        tensors |= {
            f"{head}.index": cut.indices, f"{head}.logit": (cut.logits - highest).astype(np.float16), f"{head}.max": highest[:, 0].copy(),
            f"{head}.logsumexp": scores.logsumexp(split, head), f"{head}.tail": cut.tail,
        }  # fmt: skip
    with artifact.whole(path) as partial:
        save_file(tensors, partial, metadata={"identity": scores.identity})
    _write_classes(scores, path)


def _write_classes(scores: Scores, path: Path) -> None:
    with artifact.whole(classes_beside(path)) as partial:
        partial.write_text(scores.classes.to_json(), encoding="utf-8")


def _read_npz(path: Path) -> SplitScores:
    classes = read_classes(classes_beside(path))
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise zipfile.BadZipFile("not a zip file")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise DataError("missing score file", path, "a NumPy archive", "check the path") from error
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"unreadable score file ({error})", path, "a NumPy archive without pickles", "write it with numpy.savez") from error
    heads = [head for head in HEADS if head in arrays]
    if "sample_id" not in arrays or not heads or set(arrays) != {"sample_id", *heads}:
        raise DataError(f"arrays {sorted(arrays)}", path, f"sample_id and some of {HEADS}", "rename the arrays")
    ids = tuple(str(sample) for sample in arrays["sample_id"].tolist())
    if len(set(ids)) != len(ids):
        raise DataError("a sample id occurs twice", path, "unique sample ids", "write each sample once")
    for head in heads:
        wanted = (len(ids), len(classes.names(head)))
        if arrays[head].shape != wanted or not np.isfinite(arrays[head]).all():
            raise DataError(f"{head} of shape {arrays[head].shape}, or not finite", path, f"finite logits {wanted}", "see F.classes.json")
    return SplitScores(ids, {head: arrays[head].astype(np.float32) for head in heads}, classes)
