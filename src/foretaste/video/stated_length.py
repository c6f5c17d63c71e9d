"""How long a file says it is: of one that is cut off, decoders show what is there, as if that were all."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import av

from foretaste.video.boxes import boxes

#: Containers that state their length in seconds (FFmpeg's names); of others FFmpeg estimates it.
_STATING = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "asf", "flv")

#: How a Matroska file begins, and the element that holds all but its head (RFC 9559).
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"

#: Bytes in which both stand, and what other containers say of their size.
_HEAD = 4096

#: What the size of an ASF or WMV file stands behind (its File Properties Object, and three fields of it), and
#: that of an FLV file.
_ASF_FACTS, _ASF_FIELDS = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"), 24
_FLV_SIZE = b"filesize\0"

#: How an Ogg page begins, the mark of the last one (RFC 3533, 6), and how long a page is at most.
_OGG, _OGG_LAST, _OGG_LONGEST = b"OggS", 4, 65307

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
    if container == "ogg":
        return None if _ogg_ends(path) else "its last page is missing"
    missing = _MISSING[container](path) if container in _MISSING else 0
    return f"its container says that {missing:,} more bytes follow" if missing > 0 else None


def _missing_of_boxes(path: Path) -> int:
    *_, (kind, _, end) = [(b"", 0, 0), *boxes(path)]
    return end - _size(path) if kind in _FILLED else 0


def _missing_of_matroska(path: Path) -> int:
    """How many bytes a Matroska file lacks of those that its head announces; 0 for what announces none."""
    head = _head(path)
    at = head.find(_SEGMENT)
    if not head.startswith(_EBML) or at < 0 or at + 12 > len(head):
        return 0
    start, size = _number(head, at + len(_SEGMENT))
    return 0 if size is None else start + size - _size(path)


def _missing_of_asf(path: Path) -> int:
    at = (head := _head(path)).find(_ASF_FACTS) + len(_ASF_FACTS) + _ASF_FIELDS
    return int.from_bytes(head[at : at + 8], "little") - _size(path) if _ASF_FACTS in head else 0


def _missing_of_flv(path: Path) -> int:
    at = (head := _head(path)).find(_FLV_SIZE) + len(_FLV_SIZE)
    if _FLV_SIZE not in head[:-8]:
        return 0
    (stated,) = struct.unpack(">d", head[at : at + 8])
    return round(stated) - _size(path) if math.isfinite(stated) else 0


def _ogg_ends(path: Path) -> bool:
    """Whether the last page of an Ogg file is whole, and says that it is the last."""
    with open(path, "rb") as file:
        file.seek(max(0, _size(path) - 2 * _OGG_LONGEST))
        page = file.read().rpartition(_OGG)[2]
    # Behind the mark: version, kind, 20 bytes, a table of lengths with its own, what they are of.
    count = page[22] if len(page) > 22 else 0
    return count > 0 and bool(page[1] & _OGG_LAST) and 23 + count + sum(page[23 : 23 + count]) <= len(page)


def _size(path: Path) -> int:
    return Path(path).stat().st_size


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(_HEAD)


def _number(head: bytes, at: int) -> tuple[int, int | None]:
    """(where it ends, an EBML number); None where all its bits are set: not known when it was written."""
    length = 9 - head[at].bit_length()
    bits = 7 * length
    value = int.from_bytes(head[at : at + length], "big") & ((1 << bits) - 1)
    return at + length, None if value == (1 << bits) - 1 else value


#: Container (FFmpeg's name) -> how many bytes it lacks of those that it announces; of none below 0.
_MISSING = {
    "mov,mp4,m4a,3gp,3g2,mj2": _missing_of_boxes,
    "matroska,webm": _missing_of_matroska,
    "asf": _missing_of_asf,
    "flv": _missing_of_flv,
}
