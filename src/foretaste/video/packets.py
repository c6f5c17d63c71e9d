"""The packets of a video stream: where decoding can begin, what is shown, and when.

They are read once, when a file is probed (``scan``), and kept in the table of videos, so that whoever wants
frames later knows which packets to decode before opening the file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import av
import av.logging
import numpy as np

from foretaste.contracts.errors import DataError

# FFmpeg says of some damage what its interface does not. Where nobody listens (``Capture``) it is not
# printed.
av.logging.set_level(av.logging.ERROR)
av.logging.set_skip_repeated(False)
logging.getLogger("libav").addHandler(logging.NullHandler())
logging.getLogger("libav").propagate = False

#: Bits of a packet's flags: decoding can begin here; its picture is not shown (an edit list hides it, or it
#: is a mere reference); no other picture refers to it; its time stamp in the file is another one.
ENTRY, HIDDEN, DISPOSABLE, MOVED = 1, 2, 4, 8


@dataclass(frozen=True, kw_only=True)
class Packets:
    """One video stream of a file, packet by packet.

    stream
        Its number in the container.
    pts
        (n,) int64: when each packet's picture is shown, in units of ``time_base`` seconds, in file order.
    flags
        (n,) uint8: ``ENTRY``, ``HIDDEN``, ``DISPOSABLE``, ``MOVED``.
    places
        Of numbered frames, (n,) int64, of optical flow (2n,), u before v: the byte at which each lies in its
        tar, or its number in a folder. None for a container.
    """

    path: Path
    stream: int
    time_base: Fraction
    pts: np.ndarray
    flags: np.ndarray
    places: np.ndarray | None = None

    @cached_property
    def shown(self) -> np.ndarray:
        """(m,) int64: the packet of each shown frame, in the order shown."""
        visible = np.flatnonzero(self.flags & HIDDEN == 0)
        return visible[np.argsort(self.pts[visible], kind="stable")]

    @cached_property
    def pts_s(self) -> np.ndarray:
        """(m,) float64: when each frame is shown, ascending, in seconds after the first shown frame. That one
        is 0 of the video's clock, as in the frame folders that the published features were made from.
        """
        ticks = self.pts[self.shown]
        return seconds(ticks - ticks[:1], self.time_base)

    @property
    def zero_s(self) -> float:
        """When the first shown frame is shown, by the clock of the file, which its sound goes by, too."""
        return float(self.pts[self.shown[0]] * self.time_base)


@contextmanager
def opened(
    path: Path, number: int | None = None
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """The container and one of its streams, one thread, closed at the end; whatever FFmpeg rejects is a
    DataError with the path.

    ``number`` is the stream's in the container; the first video stream that is no cover picture where None.
    PyAV keeps threads and buffers of a container that is merely dropped (67 to 441 MB in 240 readings), so
    none is.
    """
    try:
        with av.open(str(path)) as container:
            stream = _first_video(container, path) if number is None else container.streams[number]
            stream.thread_count = 1
            yield container, stream
    except FileNotFoundError as error:
        raise unreadable(path, "no such file") from error
    except av.FFmpegError as error:
        raise unreadable(path, f"FFmpeg: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise unreadable(path, "text in its head that is none") from error


def videos_in(container: av.container.InputContainer) -> list[av.VideoStream]:
    """Its video streams but for cover pictures."""
    pictures = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & pictures]


def _first_video(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    streams = videos_in(container)
    if not streams:
        raise unreadable(path, "no video stream")
    if streams[0].codec_context is None:
        raise unreadable(path, "a codec that FFmpeg does not know")
    return streams[0]


def unreadable(path: Path, reason: str) -> DataError:
    """The error for a video that cannot be used."""
    return DataError(
        reason, path, "a video that decodes from start to end", "replace the file, or set on_bad_input: skip"
    )


def seconds(ticks: np.ndarray, time_base: Fraction) -> np.ndarray:
    """Time stamps in seconds, each the float nearest to the exact value: 3072 / 10240 equals 3 / 10, so that
    a frame on a grid time is not taken for a later one.
    """
    return ticks * time_base.numerator / time_base.denominator
