"""How long a file says it is: of one that is cut off, decoders show what is there, as if that were all."""

from __future__ import annotations

from pathlib import Path

import av

from foretaste.video.boxes import boxes

#: Containers that state their length in seconds (FFmpeg's names); of others FFmpeg estimates it.
_STATING = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "asf", "flv")

#: How a Matroska file begins, and the element that holds all but its head (RFC 9559).
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"

#: Bytes in which both stand.
_HEAD = 4096

#: Boxes of an MP4 or MOV file that hold what is shown, or say where it is.
_FILLED = (b"moov", b"mdat", b"moof", b"mfra")


def stated_s(container: av.container.InputContainer) -> float | None:
    """Seconds that the container states for the longest of its streams, before any packet is read."""
    if container.format.name not in _STATING or container.duration is None:
        return None
    return container.duration / 1_000_000


def cut_off(path: Path, container: str) -> str | None:
    """How a file of a container (FFmpeg's name) says that it goes on after its end; None where it does
    not.
    """
    missing = _missing_of_boxes(path) if "mp4" in container else _missing_of_matroska(path)
    return f"its container says that {missing:,} more bytes follow" if missing else None


def _missing_of_boxes(path: Path) -> int:
    *_, (kind, _, end) = [(b"", 0, 0), *boxes(path)]
    return max(0, end - Path(path).stat().st_size) if kind in _FILLED else 0


def _missing_of_matroska(path: Path) -> int:
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
