"""What a raw file holds, as a digest that is remembered: a file is read once, and again only when it was
touched.

A video is known by its size and by what lies at its ends and at places between (what a probe reads of it, and
more), so that a terabyte is not read before every first run.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked, read_json
from foretaste.pipeline.artifact import remember_json, sha256
from foretaste.pipeline.records import LISTED, digest
from foretaste.pipeline.video_files import FRAME_SUFFIXES, SUFFIXES
from foretaste.settings.frame_folders import folder_digest

#: Of a larger video so many bytes are read at its beginning and at its end, and blocks in between.
END_BYTES, BLOCK_BYTES, BLOCKS = 2**20, 2**16, 32

#: Within a tick of the clock an edit would leave the times as they are.
TICK_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """The digest of a raw file, and when it was that."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class RememberedMany:
    """The digests of many raw files, by their paths, sizes, times and inodes."""

    files: dict[str, str]


class Contents:
    """Digests of raw files, remembered in the folder ``memory`` unless nothing may be written."""

    def __init__(self, memory: Path, may_write: bool = True):
        self._memory, self._may_write = memory, may_write
        self._known: dict[str, str] = {}
        self._lists: dict[tuple[str, ...], list[str]] = {}

    def of(self, path: str | Path) -> str:
        """The digest of the raw file at ``path``, by its place, size, times and inode or by reading it; of a
        folder of frames that of ``folder_digest``.
        """
        if Path(path).is_dir():  # as cheap to ask again as to see whether any of its frames was touched
            return folder_digest(Path(path))
        return self._digest(path, _reader(path))

    def of_all(self, paths: tuple[str, ...]) -> list[str]:
        """The digests of several raw files, each looked at once. Those of many are remembered in one file,
        for the clips of a dataset may be hundreds of thousands.
        """
        if paths not in self._lists:
            few = len(paths) <= LISTED
            self._lists[paths] = [self.of(path) for path in paths] if few else self._of_many(paths)
        return self._lists[paths]

    def _of_many(self, paths: tuple[str, ...]) -> list[str]:
        common = os.path.commonpath([min(paths), max(paths)])  # what these share all do
        file = self._memory / f"many-{digest(common)[:20]}.json"
        known: dict[str, str] = {}
        if file.exists():
            known = checked(read_json(file), RememberedMany, file, f"delete {self._memory}").files
        found, new = [], {}
        for path in paths:
            status = _status(path)
            if stat.S_ISDIR(status.st_mode):
                found.append(self.of(path))
                continue
            times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
            mark = f"{path} {status.st_size} {times} {status.st_ino}"
            if mark not in known:
                known[mark] = _reader(path)(Path(path))
                new[mark] = status
            found.append(known[mark])
        if new and self._may_write:
            fresh = {mark for mark, status in new.items() if not _settled(status)}
            kept = {mark: value for mark, value in known.items() if mark not in fresh}
            with suppress(OSError):  # they are read again
                remember_json(file, {"files": kept})
        return found

    def whole(self, path: str | Path) -> str:
        """The sha256 of a file, whatever it is, likewise."""
        return self._digest(path, sha256)

    def _digest(self, path: str | Path, read: Callable[[Path], str]) -> str:
        status = _status(path)
        times = [status.st_mtime_ns, status.st_ctime_ns]
        key = digest([read.__name__, os.path.realpath(path), status.st_size, *times, status.st_ino])
        if key not in self._known:
            self._known[key] = self._remembered(key) or self._read(key, Path(path), status, read)
        return self._known[key]

    def _remembered(self, key: str) -> str | None:
        file = self._memory / f"{key}.json"
        if not file.exists():
            return None
        return checked(read_json(file), Remembered, file, f"delete {self._memory}").sha256

    def _read(self, key: str, path: Path, status: os.stat_result, read: Callable[[Path], str]) -> str:
        value = read(path)
        if self._may_write and _settled(status):
            facts = {"path": os.path.realpath(path), "size": status.st_size, "sha256": value}
            with suppress(OSError):  # it is read again
                remember_json(self._memory / f"{key}.json", facts)
        return value


def _status(path: str | Path) -> os.stat_result:
    try:
        return os.stat(path)
    except FileNotFoundError as error:
        raise DataError("missing file", path, "a file that the run is given", "put it there") from error


def _settled(status: os.stat_result) -> bool:
    """Whether an edit from now on would change a file's times."""
    return time.time() - max(status.st_mtime, status.st_ctime) > TICK_S


def _reader(path: str | Path) -> Callable[[Path], str]:
    """What is read of a file: of a video samples, of any other all."""
    return video_digest if Path(path).suffix.lower() in (*SUFFIXES, *FRAME_SUFFIXES) else sha256


def video_digest(path: Path) -> str:
    """What a video is known by: the sha256 of a small one, of a larger one that of its size and samples, of a
    folder of frames ``folder_digest``.
    """
    if path.is_dir():
        return folder_digest(path)
    size = path.stat().st_size
    if size <= 2 * END_BYTES + BLOCKS * BLOCK_BYTES:
        return sha256(path)
    between = [END_BYTES + (size - 2 * END_BYTES - BLOCK_BYTES) * n // (BLOCKS - 1) for n in range(BLOCKS)]
    parts = [(0, END_BYTES), *((at, BLOCK_BYTES) for at in between), (size - END_BYTES, END_BYTES)]
    found = hashlib.sha256(str(size).encode())
    with open(path, "rb") as file:
        for at, length in parts:
            file.seek(at)
            found.update(file.read(length))
    return found.hexdigest()
