"""FFmpeg's pictures of chosen frames, by PyAV: what the planner names is decoded, and nothing passes that
FFmpeg calls damaged.

Every packet is sent to the decoder under its number in the file, and comes back with that number on its
picture: which frame a picture is does not hang on time stamps, of which some containers have none, wrong ones
or the same one twice. FFmpeg conceals damage as well as it can. Where it says so (in H.264 and MPEG-4 on the
picture, in AV1 mostly by an error) that is an error here; in HEVC, VP8 and VP9 it does not say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

import av
import numpy as np
from av.logging import Capture

from foretaste.contracts.errors import DataError
from foretaste.video import numbered_frames
from foretaste.video.packets import HIDDEN, MOVED, Packets, opened, seconds, unreadable
from foretaste.video.planner import leading, runs

#: Containers with an index of their own, in which seeking lands on a key frame at or before the time that is
#: asked for (FFmpeg's names). In others the packets before it are read, too, but not decoded.
_INDEXED = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")

#: What FFmpeg says, and marks on no picture, where one that is referred to is not in the file, and where the
#: picture itself is damaged (FFV1, GIF, motion JPEG).
_LOST = ("eference picture", "Could not find ref with POC")
_DAMAGE = ("slice CRC mismatch", "LZW decode failed", "error y=")

#: So many packets are read rather than sought past.
_NEAR = 32


def decoded(packets: Packets, frames: np.ndarray) -> Iterator[tuple[int, av.VideoFrame]]:
    """(index in the order shown, picture) of each of ``frames`` (m,), once, mostly in ascending order.

    Raises DataError where a picture that is decoded on the way is damaged or missing.
    """
    if packets.places is not None:
        yield from numbered_frames.pictures(packets, frames)
        return
    index = np.full(len(packets.pts), -1)
    index[packets.shown[frames]] = frames
    with ExitStack() as files:
        source = _Source(packets, files)
        for run in runs(packets, frames):
            for number, picture in _pictures(source, run):
                if index[number] >= 0:
                    yield int(index[number]), picture


def _pictures(source: _Source, run: np.ndarray) -> Iterator[tuple[int, av.VideoFrame]]:
    """(number of its packet, picture) of what a run decodes to, but for what is not shown."""
    packets = source.packets
    shown = (packets.flags[run] & HIDDEN == 0) & ~leading(packets, run)
    missing = set(run[shown].tolist())
    for number, packet in source.of(run):
        try:
            with Capture() as said:
                pictures = source.codec.decode(packet)
        except av.FFmpegError as error:
            if number in missing or packet is None:
                raise _damaged(packets, number, f"does not decode (FFmpeg: {error.strerror})") from error
            continue
        if number in missing and said:
            if any(lost in text for _, _, text in said for lost in _LOST):
                raise _damaged(packets, number, "refers to one that is missing")
            if any(damage in text for _, _, text in said for damage in _DAMAGE):
                raise _damaged(packets, number, "is damaged")
        for picture in pictures:
            if picture.pts not in missing:
                continue
            if picture.is_corrupt:
                raise _damaged(packets, picture.pts, "is damaged")
            missing.remove(picture.pts)
            yield picture.pts, picture
    source.codec.flush_buffers()
    if missing:
        raise _damaged(packets, min(missing), "does not decode")


def _damaged(packets: Packets, number: int, how: str) -> DataError:
    ticks = packets.pts[number] - packets.pts[packets.shown[0]]
    return unreadable(packets.path, f"the frame at {seconds(ticks, packets.time_base):.3f} s {how}")


class _Source:
    """The packets of a file by their numbers in it, and the decoder that they are for."""

    def __init__(self, packets: Packets, files: ExitStack) -> None:
        self.packets, self._files = packets, files
        self._open()
        self._seeks = self._container.format.name in _INDEXED and not (packets.flags & MOVED).any()

    @property
    def codec(self) -> av.VideoCodecContext:
        return self._stream.codec_context

    def of(self, run: np.ndarray) -> Iterator[tuple[int, av.Packet | None]]:
        """(number, packet) for the ascending numbers of a run, the number in place of the time stamp; then
        (the last number, None), at which a decoder gives what it still holds.
        """
        if self._seeks and run[0] - self._at > _NEAR:
            self._seek(int(run[0]))
        for number in run.tolist():
            packet = self._next()
            while self._at <= number:
                packet = self._next()
            packet.pts, packet.dts = number, None
            yield number, packet
        yield int(run[-1]), None

    def _open(self) -> None:
        self._container, self._stream = self._files.enter_context(
            opened(self.packets.path, self.packets.stream)
        )
        self._coming = self._container.demux(self._stream)
        self._at = 0  # the number of the packet that comes next

    def _next(self) -> av.Packet:
        for packet in self._coming:
            if packet.size:
                self._at += 1
                return packet
        raise unreadable(self.packets.path, f"the file ends after {self._at} packets")

    def _seek(self, number: int) -> None:
        """Go on with packet ``number``, or with one before it.

        Where an index leads to a packet that cannot be told, or to a later one, all are read from the first.
        """
        pts = self.packets.pts
        self._container.seek(int(pts[number]), stream=self._stream)
        self._coming = self._container.demux(self._stream)
        first = next((packet for packet in self._coming if packet.size), None)
        places = np.flatnonzero(pts == first.pts) if first is not None and first.pts is not None else ()
        if len(places) == 1 and places[0] <= number:
            self._coming, self._at = chain([first], self._coming), int(places[0])
        else:
            self._open()
            self._seeks = False
