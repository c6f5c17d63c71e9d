"""How long a file says it is: of one that is cut off, decoders show what is there, as if that were all."""

from __future__ import annotations

from pathlib import Path

import av

#: Containers that state their length in seconds (FFmpeg's names); of others FFmpeg estimates it.
_STATING = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "asf", "flv")

#: How a Matroska file begins, and the element that holds all but its head (RFC 9559).
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"

#: Bytes in which both stand.
_HEAD = 4096


def stated_s(container: av.container.InputContainer) -> float | None:
    """Seconds that the container states for the longest of its streams, before any packet is read."""
    if container.format.name not in _STATING or container.duration is None:
        return None
    return container.duration / 1_000_000


def missing_bytes(path: Path) -> int:
    """How many bytes a Matroska file lacks of those that its head announces; 0 for what announces none."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    at = head.find(_SEGMENT)
    if not head.startswith(_EBML) or at < 0 or at + 12 > len(head):
        return 0
    start, size = _number(head, at + len(_SEGMENT))
    return 0 if size is None else max(0, start + size - Path(path).stat().st_size)


def _number(head: bytes, at: int) -> tuple[int, int | None]:
    """(where it ends, an EBML number); None where all its bits are set: not known when it was written."""
    length = 9 - head[at].bit_length()
    bits = 7 * length
    value = int.from_bytes(head[at : at + length], "big") & ((1 << bits) - 1)
    return at + length, None if value == (1 << bits) - 1 else value
