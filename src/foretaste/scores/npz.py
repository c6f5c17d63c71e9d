"""NumPy archives of plain logits: ``sample_id`` (n,) text, and by the name of each head that is scored (n, C)
float32 logits.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself, first_line
from foretaste.scores.plain import SplitScores, checked
from foretaste.scores.reader import Scores


def write_npz(scores: Scores, split: str, path: Path) -> None:
    """Write one split."""
    arrays = {head: scores.logits(split, head) for head in scores.heads}
    with open(path, "wb") as file:
        np.savez(file, sample_id=np.array(scores.sample_ids(split)), **arrays)


def read_npz(path: Path, classes: ClassSpace) -> SplitScores:
    """Everything in it, checked; DataError for a damaged archive, pickles, and arrays that are no heads."""
    arrays = _arrays(path)
    if "sample_id" not in arrays:
        raise DataError(f"arrays {sorted(arrays)}", path, "sample_id and heads", "rename the arrays")
    return checked(arrays.pop("sample_id"), arrays, classes, path, "sample_id")


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
