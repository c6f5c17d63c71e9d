"""The files below a folder that match a pattern, as a person expects: links are followed and letter case does
not count.

``**`` stands for any folders, none included. A link back to a folder that is being looked into is left out,
as are hidden files (``._P01_01.MP4`` of a Mac).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from foretaste.contracts.errors import ConfigError

#: The parts of a pattern that are still to be matched.
_Rest = tuple[str, ...]


def matching(folder: Path, pattern: str) -> list[Path]:
    """The files of ``folder`` whose path in it matches ``pattern``, sorted; raises ConfigError if the pattern
    leaves it.
    """
    parts = Path(pattern.casefold()).parts
    if ".." in parts or Path(pattern).is_absolute() or not parts:
        raise ConfigError(
            f"pattern {pattern!r}", folder, "a pattern inside this folder", "correct the pattern"
        )
    return sorted(_files(Path(folder), {parts}, ())) if Path(folder).is_dir() else []


def _files(folder: Path, patterns: set[_Rest], inside: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    """The files below ``folder`` that match any of ``patterns``; ``inside``: the folders that we are in."""
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in inside:  # a link to one of its own parents
        return
    patterns = _also_without_folders(patterns)
    with os.scandir(folder) as entries:
        for entry in entries:
            left = {rest for pattern in patterns for rest in _after(entry.name.casefold(), pattern)}
            if not left:
                continue
            if os.path.isdir(entry.path):
                yield from _files(Path(entry.path), left, (*inside, here))
            elif () in _also_without_folders(left) and not entry.name.startswith("."):
                yield Path(entry.path)


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
