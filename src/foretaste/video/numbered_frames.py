"""Videos that are handed round as numbered JPEG frames, in a tar as EPIC-KITCHENS hands them round or in a
folder: ``frame_0000000001.jpg`` ..., of optical flow ``u/`` and ``v/``, each a grey picture a frame.

A frame's number says when it is shown: ``first`` stands at 0, and each lasts 1 / fps seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.logging import Capture

from foretaste.settings.frame_folders import FLOW
from foretaste.video import frame_folder, frame_tar
from foretaste.video.packets import ENTRY, Packets, unreadable


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How frames are numbered: the number of the first one, and how many there are a second."""

    fps: float
    first: int


def scan_frames(path: Path, clock: Clock, beat: Callable[[], None]) -> Packets:
    """Where each frame lies, with a ``beat`` for each; raises DataError where the archive is cut off, or the
    numbers leave a gap.
    """
    source = frame_folder if Path(path).is_dir() else frame_tar
    places = source.places(path, beat)
    halves = FLOW if places.keys() >= set(FLOW) else ("",)
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


def pictures(packets: Packets, frames: np.ndarray) -> Iterator[tuple[int, av.VideoFrame]]:
    """(index, picture) of each of ``frames``, in their order; of optical flow u and v are its red and
    green.
    """
    of_halves = packets.places.reshape(-1, len(packets.pts))
    halves = FLOW if len(of_halves) == len(FLOW) else ("",)
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.thread_count = 1
    opened = frame_folder.Folder if packets.path.is_dir() else frame_tar.Tar
    with opened(packets.path) as source:
        for index in frames.tolist():
            read = [source.read(half, int(of[index])) for half, of in zip(halves, of_halves)]
            found = [_picture(packets, decoder, data, index) for data in read]
            yield index, found[0] if len(found) == 1 else _together(packets, found, index)


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
