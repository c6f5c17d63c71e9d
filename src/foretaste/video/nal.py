"""What the units of an H.264 or HEVC packet say that its container does not: whether decoding can begin
there, and whether any other picture refers to it.

A container's mark of a key frame is not enough. With intra refresh a picture is marked from which the next
ones only begin to be whole, and FFmpeg's mark of disposable packets is missing from most mp4 files.
ITU-T H.264 (7.3.1, D.1.8) and H.265 (7.3.1.2, table 7-1) define the bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

#: Codecs whose units are read here.
CODECS = ("h264", "hevc")

_START = b"\x00\x00\x01"

#: H.264: slices; of an instantaneous refresh (IDR); supplemental information, and its kind "recovery point".
_H264_SLICES, _H264_IDR, _H264_SEI, _RECOVERY_POINT = (1, 2, 5), 5, 6, 6

#: HEVC: slices; random access points among them; slices that none of their own layer refers to.
_HEVC_SLICES, _HEVC_ENTRIES, _HEVC_UNREFERENCED = range(32), range(16, 24), range(0, 16, 2)


class Units(NamedTuple):
    """What a packet's units say.

    entry
        Whether everything from this picture on decodes without any before it (but for what is shown earlier).
    referenced
        Whether pictures of its own layer or a higher one may refer to it.
    layer
        Temporal layer; those of the highest layer have none above them.
    """

    entry: bool
    referenced: bool
    layer: int


def length_size(codec: str, extradata: bytes | None) -> int | None:
    """Bytes of the length before each unit, in mp4 and Matroska; None where start codes part them."""
    if not extradata or extradata.startswith((_START, b"\x00" + _START)):
        return None
    at = 4 if codec == "h264" else 21
    return (extradata[at] & 3) + 1 if len(extradata) > at else None


def read_units(codec: str, data: bytes, length: int | None) -> Units:
    """What the units of a packet's ``data`` say; ``length`` as ``length_size`` gives it."""
    return _h264(data, length) if codec == "h264" else _hevc(data, length)


def _h264(data: bytes, length: int | None) -> Units:
    entry = referenced = False
    for start, stop in _spans(data, length):
        kind = data[start] & 31
        if kind in _H264_SLICES:
            entry |= kind == _H264_IDR
            referenced |= bool(data[start] & 0x60)
        elif kind == _H264_SEI:
            entry |= _recovers_at_once(data[start + 1 : stop])
    return Units(entry, referenced, 0)


def _recovers_at_once(sei: bytes) -> bool:
    """Whether supplemental information names a recovery point after 0 frames: the code of 0 is a single 1."""
    at = 0
    while at + 2 < len(sei):
        kind = size = 0
        for _ in range(2):
            value = 0
            while at < len(sei) and sei[at] == 255:
                value, at = value + 255, at + 1
            if at == len(sei):
                return False
            kind, size, at = size, value + sei[at], at + 1
        if kind == _RECOVERY_POINT:
            return at < len(sei) and bool(sei[at] & 0x80)
        at += size
    return False


def _hevc(data: bytes, length: int | None) -> Units:
    entry, referenced, layer = False, True, 0
    for start, stop in _spans(data, length):
        kind = data[start] >> 1 & 63
        if kind in _HEVC_SLICES and stop > start + 1:
            entry |= kind in _HEVC_ENTRIES
            referenced = kind not in _HEVC_UNREFERENCED
            layer = (data[start + 1] & 7) - 1
    return Units(entry, referenced, layer)


def _spans(data: bytes, length: int | None) -> Iterator[tuple[int, int]]:
    """(start, stop) of each unit in ``data``."""
    # A head of mp4 may stand over packets with start codes (a copy into AVI); no unit has a length of 1.
    if length is None or (length == 4 and data.startswith(b"\x00" + _START)):
        at = data.find(_START)
        while at >= 0:
            following = data.find(_START, at + 3)
            start, stop = at + 3, following if following >= 0 else len(data)
            if start < stop:
                yield start, stop
            at = following
        return
    at = 0
    while at + length < len(data):
        start = at + length
        at = start + int.from_bytes(data[at:start], "big")
        if at > start:
            yield start, min(at, len(data))
