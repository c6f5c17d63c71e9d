"""Videos that come as a folder of numbered JPEG files (``frame_0000000001.jpg`` ...), of optical flow in
``u/`` and ``v/``: which folders those are, and what lies in one.
"""

from __future__ import annotations

import hashlib
import os
import re
from itertools import islice
from pathlib import Path

#: How a frame is called: anything, its number, the suffix. Hidden files (``._frame_0000000001.jpg`` of a Mac)
#: are none.
NUMBERED = re.compile(r"(?!\.)(?:.*\D)?(\d{1,18})\.jpe?g", re.IGNORECASE)

#: The folders of the two halves of optical flow: to the right, downwards.
FLOW = ("u", "v")

#: So many entries of a folder say what it is.
_LOOKED_AT = 64

#: Frames of a folder whose bytes it is known by, with the names and sizes of all.
_SAMPLES = 32


def holds_frames(folder: Path) -> bool:
    """Whether a folder is a video: numbered JPEG files lie in it, or in its ``u`` and ``v``."""
    if not folder.is_dir():
        return False
    halves = [folder / half for half in FLOW]
    return _some_frame(folder) or all(half.is_dir() and _some_frame(half) for half in halves)


def _some_frame(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(NUMBERED.fullmatch(entry.name) for entry in islice(entries, _LOOKED_AT))


def frame_files(folder: Path) -> list[Path]:
    """The JPEG files of a video, sorted."""
    inside = [half for half in (folder, *(folder / name for name in FLOW)) if half.is_dir()]
    named = (path for half in inside for path in half.iterdir() if NUMBERED.fullmatch(path.name))
    return sorted(named)


def folder_digest(folder: Path) -> str:
    """What such a video is known by: the sha256 of the names and sizes of its frames, and of the bytes of
    some, of which the first and the last are two.
    """
    files, said = frame_files(folder), hashlib.sha256()
    for path in files:
        said.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\n".encode())
    count = min(_SAMPLES, len(files))
    for at in sorted({round(n * (len(files) - 1) / max(1, count - 1)) for n in range(count)}):
        said.update(files[at].read_bytes())
    return said.hexdigest()
