"""What a video file holds, found from its packets with only the first frame decoded: when each frame is
shown, and what is unusual.

A decoder that is fast can also be silently wrong. decord 0.6 returns other frames than asked for where a key
frame is preceded, on the screen, by frames that follow it in the file (open groups of pictures): on such a
clip 580 of 600 frames, without an error. So every file is looked at before it is decoded, and
``decord_objection`` says why decord is not trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from foretaste.contracts.errors import DataError

#: Containers with an index of their own, in which seeking lands on the key frame that is asked for (FFmpeg's
#: names).
INDEXED_CONTAINERS = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")

#: Codecs for which decord's frames were compared with a full decode, frame for frame, in these containers.
_COMPARED_CODECS = ("h264", "hevc")


@dataclass(frozen=True, kw_only=True)
class Packets:
    """One video stream as its packets describe it.

    pts_s
        (n,) float64: when each frame is shown, ascending, in seconds after the first shown frame. That first
        frame is 0 of the video's clock, as in the frame folders that the published features were made from.
    end_s
        When the last frame stops being shown.
    width, height, rotation
        Of the stored picture, and the degrees (0, 90, 180, 270) by which it is to be turned
        counter-clockwise.
    last_key_s
        Time of the last key frame: from there the end of the file can be decoded.
    decord_objection
        Why decord's frames are not to be trusted here; None where they are.
    """

    path: Path
    pts_s: np.ndarray
    end_s: float
    width: int
    height: int
    rotation: int
    codec: str
    rate_fps: float
    last_key_s: float
    decord_objection: str | None

    @property
    def shown_size(self) -> tuple[int, int]:
        """(height, width) as a player shows it, rotation applied."""
        return (self.width, self.height) if self.rotation in (90, 270) else (self.height, self.width)


@contextmanager
def opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """The container and its video stream, one thread, closed at the end; whatever FFmpeg rejects is a
    DataError with the path.

    PyAV keeps threads and buffers of a container that is merely dropped (67 to 441 MB in 240 readings), so
    none is.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise unreadable(path, "no video stream")
            stream = container.streams.video[0]
            stream.thread_count = 1
            yield container, stream
    except FileNotFoundError as error:
        raise unreadable(path, "no such file") from error
    except av.FFmpegError as error:
        raise unreadable(path, f"FFmpeg: {error.strerror}") from error


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


def scan(path: Path) -> Packets:
    """Read every packet of the first video stream; raises DataError where there is none or its frames have no
    times.
    """
    with opened(path) as (container, stream):
        packets = [_Packet.of(packet, stream) for packet in container.demux(stream) if packet.size]
        shown = [packet for packet in packets if packet.shown]
        if not shown:
            raise unreadable(path, "no frames")
        if any(packet.pts is None for packet in shown) or stream.time_base is None:
            raise unreadable(path, "frames without time stamps")
        shown.sort(key=lambda packet: packet.pts)
        pts = np.array([packet.pts for packet in shown], dtype=np.int64)
        pts_s = seconds(pts - pts[0], stream.time_base)
        rate = _rate(pts_s, float(stream.average_rate or 0))
        rotation = _rotation(container, stream, path)
        return Packets(
            path=Path(path),
            pts_s=pts_s,
            # Muxers that do not know the last frame's duration write 0 or one tick.
            end_s=float(pts_s[-1])
            + max(float((shown[-1].duration or 0) * stream.time_base), 1 / rate if rate else 0.0),
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            rotation=rotation,
            codec=stream.codec_context.codec.canonical_name,
            rate_fps=rate,
            last_key_s=float(pts_s[max((i for i, packet in enumerate(shown) if packet.is_key), default=0)]),
            decord_objection="a rotated picture" if rotation else _objection(container, stream, packets, pts),
        )


@dataclass(frozen=True, slots=True)
class _Packet:
    """What is kept of a packet; its data are let go."""

    pts: int | None
    duration: int | None
    is_key: bool
    shown: bool

    @classmethod
    def of(cls, packet: av.Packet, stream: av.VideoStream) -> _Packet:
        # A VP8 packet may be a reference that is never shown: bit 4 of its first byte (RFC 6386, section
        # 9.1).
        hidden = stream.codec_context.codec.canonical_name == "vp8" and not memoryview(packet)[0] & 0x10
        return cls(packet.pts, packet.duration, packet.is_keyframe, not (packet.is_discard or hidden))


def _rate(pts_s: np.ndarray, stated: float) -> float:
    """Frames a second: as the container states it where its frames bear that out, else as they are spaced
    (some state their clock's).
    """
    measured = (len(pts_s) - 1) / float(pts_s[-1]) if len(pts_s) > 1 and pts_s[-1] > 0 else stated
    return stated if abs(stated - measured) < 0.02 * measured else measured


def _rotation(container: av.container.InputContainer, stream: av.VideoStream, path: Path) -> int:
    container.seek(0)
    first = next(container.decode(stream), None)
    if first is None:
        raise unreadable(path, "no frame decodes")
    return round(first.rotation) % 360


def _objection(
    container: av.container.InputContainer, stream: av.VideoStream, packets: list[_Packet], pts: np.ndarray
) -> str | None:
    """Why decord is not used: the first of the known reasons. ``packets`` in file order, ``pts`` in the order
    shown.
    """
    codec = stream.codec_context.codec.canonical_name
    if container.format.name not in INDEXED_CONTAINERS:
        return f"container {container.format.name} was not compared"
    if codec not in _COMPARED_CODECS:
        return f"codec {codec} was not compared"
    if not all(packet.shown for packet in packets):
        return "an edit list hides frames"
    if len(pts) < 2:
        return "a single frame"
    steps = np.diff(pts)
    if (steps <= 0).any():
        return "frames share a time stamp"
    if _leading_pictures(packets):
        return "open groups of pictures"
    even = pts[0] + np.arange(len(pts)) * steps.mean()
    if np.abs(pts - even).max() > steps.mean() / 2:
        return "a varying frame rate"
    return None


def _leading_pictures(packets: list[_Packet]) -> bool:
    """Whether any frame after a key frame in the file is shown before it."""
    key = None
    for packet in packets:
        if packet.is_key:
            key = packet.pts
        elif key is not None and packet.pts < key:
            return True
    return False
