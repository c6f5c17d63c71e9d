"""Frames as loose files of a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from foretaste.settings.frame_folders import FLOW, NUMBERED, frame_files
from foretaste.video.packets import unreadable


def places(path: Path, beat: Callable[[], None]) -> dict[str, dict[int, int]]:
    """Half of the flow, or "" -> number -> the number; raises DataError where two frames have one."""
    found: dict[str, dict[int, int]] = {}
    for file in frame_files(path):
        beat()
        number = int(NUMBERED.fullmatch(file.name)[1])
        half = found.setdefault(_half(path, file), {})
        if number in half:
            raise unreadable(path, f"two frames have the number {number}")
        half[number] = number
    return found


class Folder:
    """The frames of a folder by their numbers."""

    def __init__(self, path: Path):
        self._path = path
        self._files = {
            (_half(path, file), int(NUMBERED.fullmatch(file.name)[1])): file for file in frame_files(path)
        }

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def read(self, half: str, place: int) -> bytes:
        """The bytes of a frame; raises DataError for one that is gone."""
        if (half, place) not in self._files:
            raise unreadable(self._path, f"frame {place} is gone")
        return self._files[half, place].read_bytes()


def _half(path: Path, file: Path) -> str:
    return file.parent.name if file.parent != path and file.parent.name in FLOW else ""
