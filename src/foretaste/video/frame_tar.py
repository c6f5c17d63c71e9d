"""Frames in a tar, read where they lie; nothing is unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from foretaste.settings.frame_folders import FLOW, NUMBERED
from foretaste.video.packets import unreadable

#: Bytes of a member's header, and how many zeros an archive ends with.
_BLOCK, _END = 512, 1024


def places(path: Path, beat: Callable[[], None]) -> dict[str, dict[int, int]]:
    """Half of the flow, or "" -> number -> where the header before the frame's bytes lies; raises DataError
    for an archive that is damaged or cut off.
    """
    found: dict[str, dict[int, int]] = {}
    folders: dict[str, Path] = {}
    end = 0
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                beat()
                end = member.offset_data + -(-member.size // _BLOCK) * _BLOCK
                name = Path(member.name)
                named = NUMBERED.fullmatch(name.name)
                if not member.isreg() or not named:
                    continue
                of = name.parent.name if name.parent.name in FLOW else ""
                if (other := folders.setdefault(of, name.parent)) != name.parent:
                    raise unreadable(path, f"frames in several folders, {other} and {name.parent}")
                half = found.setdefault(of, {})
                if int(named[1]) in half:
                    raise unreadable(path, f"two frames have the number {int(named[1])}")
                half[int(named[1])] = member.offset_data - _BLOCK
    except tarfile.TarError as error:
        raise unreadable(path, f"no tar, or a damaged one ({error})") from error
    with open(path, "rb") as file:
        file.seek(end)
        if file.read(_END) != bytes(_END):
            raise unreadable(path, "cut off, or damaged: a tar ends with two empty blocks")
    return found


class Tar:
    """The frames of an archive by their places."""

    def __init__(self, path: Path):
        self._archive = open(path, "rb")  # noqa: SIM115 (closed by __exit__)

    def __enter__(self) -> Tar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def read(self, half: str, place: int) -> bytes:
        """The bytes of a frame; its place says which half it is of."""
        self._archive.seek(place)
        header = tarfile.TarInfo.frombuf(self._archive.read(_BLOCK), tarfile.ENCODING, "surrogateescape")
        return self._archive.read(header.size)
