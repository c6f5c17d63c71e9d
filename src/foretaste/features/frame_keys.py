"""Features in an LMDB with a key a frame, as RULSTM and AVT publish theirs (fpv-iplab/rulstm,
facebookresearch/AVT): ``<video>_frame_<number, ten digits>.jpg`` -> D float32 values.

Numbers count from 1 at 30 a second, whatever the video's own rate. Where a key is missing AVT takes the
newest of the nine frames before it, and where there is none either, zeros; RULSTM's small sets hold about
every eighth frame.
"""

from __future__ import annotations

import re
from array import array
from functools import cached_property
from pathlib import Path

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.given import Clock, GivenVideo
from foretaste.features.lmdb_file import entries
from foretaste.pipeline import artifact

_KEY = re.compile(rb"(.+)_frame_(\d{10})\.jpg", re.DOTALL)

_SHOWN = "<video>_frame_<number, ten digits>.jpg"


class FrameKeys:
    """Such a file; building it reads all keys and no value."""

    kind = "LMDB"
    clock = Clock(fps=30.0, first=1, look_back=9)

    def __init__(self, path: Path):
        self._path = path
        self._size: int | None = None
        #: video -> numbers of its frames, and where their values lie.
        self._frames: dict[str, tuple[array[int], array[int]]] = {}
        for entry in entries(path):
            video_id, number = self._parsed(entry.key)
            self._size = self._size or entry.size
            if entry.size != self._size or not entry.size or entry.size % 4:
                raise DataError(
                    f"a value of {entry.size} bytes under {entry.key.decode()}",
                    path,
                    f"float32 values, {self._size // 4 or 'some'} a frame",
                    "get the file again",
                )
            numbers, offsets = self._frames.setdefault(video_id, (array("q"), array("q")))
            numbers.append(number)
            offsets.append(entry.offset)
        self.videos = tuple(self._frames)

    def read(self, video_id: str) -> GivenVideo:
        """One video, its frames in order."""
        numbers, offsets = (np.array(column, np.int64) for column in self._frames[video_id])
        values = np.asarray(np.memmap(self._path, np.uint8, mode="r"))
        feat = np.empty((len(numbers), self._size // 4), np.float32)
        for row, offset in enumerate(offsets.tolist()):
            feat[row] = values[offset : offset + self._size].view("<f4")
        return GivenVideo(
            video_id=video_id,
            where=str(self._path),
            feat=feat,
            numbers=numbers,
            source_sha256=self._sha256,
        )

    @cached_property
    def _sha256(self) -> str:
        return artifact.sha256(self._path)

    def _parsed(self, key: bytes) -> tuple[str, int]:
        found = _KEY.fullmatch(key)
        if found is None or not _is_text(found[1]):
            raise DataError(f"key {key!r}", self._path, _SHOWN, "import the LMDB of one kind of features")
        return found[1].decode(), int(found[2])


def _is_text(name: bytes) -> bool:
    return name.decode(errors="replace").encode() == name
