"""Files that were joined byte for byte (``cat a.mp4 b.mp4``): most demuxers show the first as if it were all.

MPEG streams and Matroska go on with the second one, whose clock begins anew (``scan``).
"""

from __future__ import annotations

import re
from pathlib import Path

from foretaste.video.boxes import boxes

#: How a file of a container begins (FFmpeg's names); it may follow on what is read of the first one.
_HEADS = {
    "flv": re.compile(rb"FLV\x01.\0\0\0\x09\0\0\0\0", re.DOTALL),
    "asf": re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),
}

#: So much of what follows is looked at: an index lies between.
_LOOKED_AT = 1 << 20

#: Boxes that an MP4 or MOV file has once.
_ONCE = (b"ftyp", b"moov")


def is_joined(path: Path, container: str, reach: int) -> bool:
    """Whether another file begins after the first. ``reach`` is the byte to which packets were read."""
    if "mp4" in container:
        kinds = [kind for kind, _, _ in boxes(path)]
        return any(kinds.count(once) > 1 for once in _ONCE)
    if container not in _HEADS:
        return False
    with open(path, "rb") as file:
        file.seek(max(0, reach - 1))
        return _HEADS[container].search(file.read(_LOOKED_AT)) is not None
