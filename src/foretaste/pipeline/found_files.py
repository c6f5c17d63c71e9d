"""The files below a folder that match a pattern, as a person expects: links are followed and letter case does
not count.

``**`` stands for any folders, none included. A folder to which several links lead is looked into once, under
its own name if it has one here; so links that lead in a circle end. Hidden files (``._P01_01.MP4`` of a Mac)
are left out.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from foretaste.contracts.errors import ConfigError

#: The parts of a pattern that are still to be matched.
_Rest = tuple[str, ...]


#: A folder as the system knows it, whatever it is called.
_Folder = tuple[int, int]


def matching(folder: Path, pattern: str, whole: Callable[[Path], bool] | None = None) -> list[Path]:
    """The files of ``folder`` whose path in it matches ``pattern``, sorted; raises ConfigError if the pattern
    leaves it. Folders that are ``whole`` count as files.
    """
    parts = Path(pattern.casefold()).parts
    if ".." in parts or Path(pattern).is_absolute() or not parts:
        raise ConfigError(
            f"pattern {pattern!r}", folder, "a pattern inside this folder", "correct the pattern"
        )
    return _Search(Path(folder), parts, whole).files


def circles(folder: Path, pattern: str) -> list[Path]:
    """The links, where ``matching`` meets them, that lead back to a folder that they lie in; sorted."""
    return _Search(Path(folder), Path(pattern.casefold()).parts).circles


class _Search:
    """What is found below a folder; links are followed once all that is no link was looked into."""

    def __init__(self, folder: Path, parts: _Rest, whole: Callable[[Path], bool] | None = None):
        self.files: list[Path] = []
        self.circles: list[Path] = []
        self._whole = whole
        self._seen: set[tuple[_Folder, frozenset[_Rest]]] = set()
        self._linked: deque[tuple[Path, set[_Rest], tuple[_Folder, ...]]] = deque()
        if folder.is_dir():
            self._linked.append((folder, {parts}, ()))
        while self._linked:
            self._look_into(*self._linked.popleft())
        self.files.sort()
        self.circles.sort()

    def _look_into(self, folder: Path, patterns: set[_Rest], inside: tuple[_Folder, ...]) -> None:
        """Find what matches any of ``patterns``; ``inside``: the folders that this one lies in."""
        status = folder.stat()
        here = (status.st_dev, status.st_ino)
        if here in inside:
            self.circles.append(folder)
            return
        patterns = _also_without_folders(patterns)
        if (here, frozenset(patterns)) in self._seen:
            return
        self._seen.add((here, frozenset(patterns)))
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            left = {rest for pattern in patterns for rest in _after(entry.name.casefold(), pattern)}
            if not left:
                continue
            if not _is_folder(entry) or (self._whole and self._whole(Path(entry.path))):
                if () in _also_without_folders(left) and not entry.name.startswith("."):
                    self.files.append(Path(entry.path))
            elif entry.is_symlink():
                self._linked.append((Path(entry.path), left, (*inside, here)))
            else:
                self._look_into(Path(entry.path), left, (*inside, here))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is one or leads to one; of what is no link this was told with its name."""
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()


def _also_without_folders(patterns: set[_Rest]) -> set[_Rest]:
    """The patterns, and each that begins with ``**`` as if that stood for no folder."""
    found = set(patterns)
    for pattern in patterns:
        while pattern[:1] == ("**",):
            pattern = pattern[1:]
            found.add(pattern)
    return found


def _after(name: str, pattern: _Rest) -> list[_Rest]:
    """What is left of a pattern once its beginning has matched ``name``."""
    if pattern[:1] == ("**",):
        return [pattern]
    return [pattern[1:]] if pattern and fnmatchcase(name, pattern[0]) else []
