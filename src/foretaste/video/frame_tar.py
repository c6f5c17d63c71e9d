"""Videos that are handed round as numbered JPEG frames in a tar, as EPIC-KITCHENS hands them round:
``frame_0000000001.jpg`` ..., of optical flow ``u/`` and ``v/``, each a grey picture a frame.

A frame's number says when it is shown: ``first`` stands at 0, and each lasts 1 / fps seconds. Pictures are
read where they lie in the archive; nothing is unpacked.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.logging import Capture

from foretaste.video.packets import ENTRY, Packets, unreadable

#: How a frame is called: anything, its number, the suffix.
_NAME = re.compile(r"(?:.*\D)?(\d+)\.jpe?g", re.IGNORECASE)

#: The folders of the two halves of optical flow: to the right, downwards.
_FLOW = ("u", "v")

#: Bytes of a member's header, and how many zeros an archive ends with.
_BLOCK, _END = 512, 1024


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How frames are numbered: the number of the first one, and how many there are a second."""

    fps: float
    first: int


def scan_tar(path: Path, clock: Clock, beat: Callable[[], None]) -> Packets:
    """Where each frame of an archive lies, with a ``beat`` for each; raises DataError where it is cut off, or
    its numbers leave a gap.
    """
    places = _places(path, beat)
    halves = _FLOW if places.keys() >= set(_FLOW) else ("",)
    if places.keys() != set(halves):
        raise unreadable(path, "it holds neither numbered JPEG frames nor u/ and v/ of optical flow")
    count = max(len(places[half]) for half in halves)
    numbers = range(clock.first, clock.first + count)
    for half in halves:
        if wrong := places[half].keys() ^ set(numbers):
            gap = f"from {clock.first} on without a gap; see {half}{'/' * bool(half)}{min(wrong)}"
            raise unreadable(path, f"its frames are not numbered {gap}")
    return Packets(
        path=Path(path),
        stream=0,
        time_base=1 / Fraction(clock.fps).limit_denominator(1001),
        pts=np.arange(count),
        flags=np.full(count, ENTRY, np.uint8),
        places=np.array([places[half][number] for half in halves for number in numbers]),
    )


def _places(path: Path, beat: Callable[[], None]) -> dict[str, dict[int, int]]:
    """Half of the flow, or "" -> number -> where the header before the frame's bytes lies."""
    places: dict[str, dict[int, int]] = {}
    end = 0
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                beat()
                end = member.offset_data + -(-member.size // _BLOCK) * _BLOCK
                name = Path(member.name)
                named = _NAME.fullmatch(name.name)
                if not member.isreg() or not named:
                    continue
                half = places.setdefault(name.parent.name if name.parent.name in _FLOW else "", {})
                if int(named[1]) in half:
                    raise unreadable(path, f"two frames have the number {int(named[1])}")
                half[int(named[1])] = member.offset_data - _BLOCK
    except tarfile.TarError as error:
        raise unreadable(path, f"no tar, or a damaged one ({error})") from error
    if Path(path).stat().st_size < end + _END:
        raise unreadable(path, "cut off: a tar ends with two empty blocks")
    return places


def pictures(packets: Packets, frames: np.ndarray) -> Iterator[tuple[int, av.VideoFrame]]:
    """(index, picture) of each of ``frames``, in their order; of optical flow u and v are its red and
    green.
    """
    halves = packets.places.reshape(-1, len(packets.pts))
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.thread_count = 1
    with open(packets.path, "rb") as archive:
        for index in frames.tolist():
            members = [_member(archive, int(half[index])) for half in halves]
            found = [_picture(packets, decoder, data, index) for data in members]
            yield index, found[0] if len(found) == 1 else _together(packets, found, index)


def _member(archive: BinaryIO, offset: int) -> bytes:
    archive.seek(offset)
    header = tarfile.TarInfo.frombuf(archive.read(_BLOCK), tarfile.ENCODING, "surrogateescape")
    return archive.read(header.size)


def _picture(packets: Packets, decoder: av.CodecContext, data: bytes, index: int) -> av.VideoFrame:
    try:
        with Capture() as said:
            found = decoder.decode(av.Packet(data))
    except av.FFmpegError as error:
        raise unreadable(packets.path, f"frame {index} does not decode (FFmpeg: {error.strerror})") from error
    if len(found) != 1 or found[0].is_corrupt or said:
        raise unreadable(packets.path, f"frame {index} is damaged")
    return found[0]


def _together(packets: Packets, halves: list[av.VideoFrame], index: int) -> av.VideoFrame:
    u, v = (half.to_ndarray(format="gray") for half in halves)
    if u.shape != v.shape:
        raise unreadable(packets.path, f"frame {index}: u and v are of different sizes")
    return av.VideoFrame.from_ndarray(np.stack((u, v, np.zeros_like(u)), axis=-1), format="rgb24")
