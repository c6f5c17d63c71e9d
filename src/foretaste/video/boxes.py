"""The outermost boxes of an MP4 or MOV file (ISO/IEC 14496-12, 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def boxes(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte, byte after its last by what it says) of each; the first thing that is no box ends
    it.
    """
    size, at = Path(path).stat().st_size, 0
    with open(path, "rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            elif length == 0:  # to the end of the file
                length = size - at
            if length < 8 or not kind.isalnum():
                return
            yield kind, at, at + length
            at += length
