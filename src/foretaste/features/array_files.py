"""Features as files of arrays, one row a step of time from 0 s on:

<video>.npy, <video>.pt, <video>.pth    (n, D) or (n, ..., D), a file a video in any folders
<video>.npz                             an archive a video with the array feat and, where rows are missing,
                                        grid_index (n,) of the rows that are there; also pts_s and valid
F.npz                                   an archive with an array a video, under the video's id
"""

from __future__ import annotations

import tokenize
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself, first_line
from foretaste.features.given import Clock, GivenVideo
from foretaste.pipeline import artifact

Arrays = Mapping[str, np.ndarray]
T = TypeVar("T")

#: What an archive may hold beside feat: kinds of types that it is saved in, and the type that it has here.
_COLUMNS = {"grid_index": ("iu", np.int64), "pts_s": ("f", np.float64), "valid": ("b", np.bool_)}


class ArrayFiles:
    """Videos in files: ``paths`` gives each its own, ``load`` its arrays."""

    clock: Clock | None = None

    def __init__(self, kind: str, paths: Mapping[str, Path], load: Callable[[Path, str], Arrays]):
        self.kind, self.videos = kind, tuple(sorted(paths))
        self._paths, self._load = paths, load
        self._sums: dict[Path, str] = {}

    def read(self, video_id: str) -> GivenVideo:
        """One video."""
        path = self._paths[video_id]
        arrays = self._load(path, video_id)
        feat = _array(arrays, "feat", path)
        columns = {name: _column(arrays, name, feat.shape[:1], path) for name in _COLUMNS if name in arrays}
        numbers = columns.pop("grid_index", None)
        if numbers is not None and (np.diff(numbers) <= 0).any():
            raise DataError(f"grid_index of {video_id}", path, "numbers that ascend", "sort the rows")
        return GivenVideo(
            video_id=video_id,
            where=str(path),
            feat=feat,
            numbers=numbers,
            source_sha256=self._sha256(path),
            **columns,
        )

    def _sha256(self, path: Path) -> str:
        if path not in self._sums:
            self._sums[path] = artifact.sha256(path)
        return self._sums[path]


def archive_of_videos(path: Path) -> ArrayFiles:
    """One archive for all videos."""
    names = _members(path)
    return ArrayFiles("npz", dict.fromkeys(names, path), _one_of_many)


def read_npy(path: Path, video_id: str) -> Arrays:
    """The array of a .npy file, mapped and not copied."""
    check_is_itself(path)
    return {"feat": _reading(path, "NumPy array", partial(np.load, path, mmap_mode="r", allow_pickle=False))}


def read_npz(path: Path, video_id: str) -> Arrays:
    """The arrays of an archive that holds one video."""
    known = {"feat", *_COLUMNS}
    if odd := sorted(set(_members(path)) - known):
        raise DataError(f"array {odd[0]!r} in it", path, ", ".join(sorted(known)), "leave it out")
    return _reading(path, "NumPy archive", partial(_all_of, path))


def read_pt(path: Path, video_id: str) -> Arrays:
    """The tensor that torch saved, read as weights only: nothing in the file is run."""
    from foretaste.models.torch_files import read_tensor  # who reads other files needs no torch

    return {"feat": read_tensor(path)}


def _one_of_many(path: Path, video_id: str) -> Arrays:
    return {"feat": _reading(path, "NumPy archive", partial(_member, path, video_id))}


def _all_of(path: Path) -> Arrays:
    return {name: _member(path, name) for name in _members(path)}


def _member(path: Path, name: str) -> np.ndarray:
    # An open file: numpy leaves one that it opened itself open when the archive is damaged.
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        found = archive[name]
    if not isinstance(found, np.ndarray):
        raise ValueError(f"{name} is no array")
    return found


def _members(path: Path) -> list[str]:
    """The names of the arrays of an archive."""
    check_is_itself(path)

    def names() -> list[str]:
        if not zipfile.is_zipfile(path):
            raise zipfile.BadZipFile("not a zip file")
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]

    return _reading(path, "NumPy archive", names)


def _reading(path: Path, what: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (*UNREADABLE, tokenize.TokenError, SyntaxError) as error:  # numpy reads a header as Python's
        reason = f"unreadable {what} ({first_line(error)})"
        raise DataError(reason, path, f"a {what} without pickles", "save it again with numpy") from error


def _array(arrays: Arrays, name: str, path: Path) -> np.ndarray:
    if name not in arrays:
        raise DataError(f"no array {name}", path, "an array of this name", "save it under this name")
    return arrays[name]


def _column(arrays: Arrays, name: str, rows: tuple[int, ...], path: Path) -> np.ndarray:
    """A value for each row, (n,), in the type that it is kept in here."""
    column, (kinds, dtype) = arrays[name], _COLUMNS[name]
    if column.shape != rows or column.ndim != 1 or column.dtype.kind not in kinds:
        found = f"{name} is {column.dtype} {column.shape}"
        raise DataError(found, path, f"one for each row of feat, {rows}", "save them together")
    return column.astype(dtype)
