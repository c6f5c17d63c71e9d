"""A file's packets read once, from the first to the last: what there is to know before anything is decoded.

Files whose frames cannot be told by their packets are refused here, with the reason: a clock that restarts
(joined recordings), frames at one time, packets that the container calls damaged, an end before the one that
the container states.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
from av.logging import Capture

from foretaste.video import gif, nal, transport_stream
from foretaste.video.clocks import BROADCAST, check_clock, check_count, rate_of
from foretaste.video.joined import is_joined
from foretaste.video.packets import (
    DISPOSABLE,
    ENTRY,
    HIDDEN,
    MOVED,
    Packets,
    opened,
    seconds,
    unreadable,
    videos_in,
)  # fmt: skip
from foretaste.video.reader import decoded
from foretaste.video.stated_length import cut_off, stated_s

#: The container that has no time stamps: FFmpeg guesses them from the rate, and guesses wrong at B-frames.
_UNTIMED = "avi"

#: What FFmpeg also reads and is no file of a video: a list of other files, and (these with what ends in
#: ``_pipe``) a picture.
_NO_VIDEOS = ("concat", "hls", "dash", "image2")

#: What is stated of a length is rounded, and often that of the sound: so much may be missing of it, or two
#: frames.
_ROUNDING, _ROUNDING_S = 0.02, 0.5


#: Bits beside those of ``packets``: what the container calls a key frame, and a damaged packet.
_KEY, _DAMAGED = 16, 32

#: Stands for a time stamp that is not given.
_NONE = np.iinfo(np.int64).min


class _Read:
    """What is kept of the packets while they are read, a few bytes of each; their data are let go.

    pts, dts, duration
        In ticks of the stream, ``_NONE`` where not given.
    marks
        ``ENTRY`` (by its units, where its codec has any), ``HIDDEN``, ``DISPOSABLE`` (in its own layer),
        ``_KEY``, ``_DAMAGED``.
    layer
        Temporal layer.
    sound_end_s
        When the first sound track ends, by the clock of the file; None without one.
    """

    def __init__(self, stream: av.VideoStream) -> None:
        self._codec = stream.codec_context.codec.canonical_name
        self._length = nal.length_size(self._codec, stream.codec_context.extradata)
        self.pts, self.dts, self.duration = array("q"), array("q"), array("q")
        self.marks, self.layer = bytearray(), bytearray()
        self.sound_end_s: float | None = None

    def add(self, packet: av.Packet) -> None:
        self.pts.append(_NONE if packet.pts is None else packet.pts)
        self.dts.append(_NONE if packet.dts is None else packet.dts)
        self.duration.append(packet.duration or 0)
        if self._codec in nal.CODECS:
            units = nal.read_units(self._codec, bytes(packet), self._length)
        else:
            units = nal.Units(packet.is_keyframe, True, 0)
        self.marks.append(
            ENTRY * units.entry
            | HIDDEN * (packet.is_discard or not _is_shown(self._codec, packet))
            | DISPOSABLE * (not units.referenced)
            | _KEY * packet.is_keyframe
            | _DAMAGED * packet.is_corrupt
        )
        self.layer.append(units.layer)

    def first(self, mark: int) -> int | None:
        """The number of the first packet with a mark."""
        found = np.flatnonzero(np.frombuffer(self.marks, np.uint8) & mark)
        return int(found[0]) if len(found) else None


def _is_shown(codec: str, packet: av.Packet) -> bool:
    """Whether a packet has a picture that is shown."""
    if codec == "vp8":  # or a mere reference: bit 4 of its first byte (RFC 6386, 9.1)
        return bool(memoryview(packet)[0] & 0x10)
    return codec != "gif" or gif.holds_picture(bytes(packet))


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """The packets of a stream, and what the container says of it.

    end_s
        When the last frame stops being shown.
    rate_fps
        Frames a second.
    pixel_aspect
        Width of a pixel, as a multiple of its height.
    streams
        How many video streams the file has; of several the first is read.
    sound_end_s
        When its first sound track ends, in seconds after the first frame; None without one.
    """

    packets: Packets
    codec: str
    end_s: float
    rate_fps: float
    pixel_aspect: float
    streams: int
    sound_end_s: float | None = None


def no_beat() -> None:
    """Nobody waits for a sign of life."""


def scan(path: Path, beat: Callable[[], None] = no_beat) -> Scanned:
    """Read every packet of the first video stream, with a ``beat`` for each; raises DataError where there is
    none, and for what the module names.
    """
    with opened(path) as (container, stream):
        if container.format.name in _NO_VIDEOS or container.format.name.endswith("_pipe"):
            raise unreadable(path, f"no video, but what FFmpeg calls {container.format.long_name}")
        with Capture() as said:
            read = _read(container, stream, path, beat)
        complaints = [text.strip() for _, who, text in said if who == container.format.name]
        if complaints:
            raise unreadable(path, f"its container is damaged (FFmpeg: {complaints[0]})")
        packets = _laid_out(path, container.format.name, stream, read, beat)
        length = packets.pts_s[-1]
        rate = rate_of(packets.pts_s, float(stream.average_rate or 0))
        # Muxers that do not know the last frame's duration write 0 or one tick.
        last = seconds(np.int64(read.duration[packets.shown[-1]]), packets.time_base)
        return Scanned(
            packets=packets,
            codec=stream.codec_context.codec.canonical_name,
            end_s=float(length + max(last, 1 / rate if rate else 0.0)),
            rate_fps=rate,
            pixel_aspect=float(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1),
            streams=len(videos_in(container)),
            sound_end_s=None if read.sound_end_s is None else read.sound_end_s - packets.zero_s,
        )


def _read(
    container: av.container.InputContainer, stream: av.VideoStream, path: Path, beat: Callable[[], None]
) -> _Read:
    """The packets of ``stream``; those of the others say only how far the file goes."""
    stated = stated_s(container)
    read, end_s, reach = _Read(stream), 0.0, 0
    sound = next((one.index for one in container.streams.audio), None)
    for packet in container.demux():
        beat()
        stamp = packet.dts if packet.pts is None else packet.pts
        if packet.size and stamp is not None:
            own_end_s = float((stamp + (packet.duration or 0)) * packet.time_base)
            end_s = max(end_s, own_end_s)
            if packet.stream_index == sound:
                read.sound_end_s = max(read.sound_end_s or 0.0, own_end_s)
        reach = max(reach, (packet.pos or 0) + packet.size)
        if packet.size and packet.stream_index == stream.index:
            read.add(packet)
    if fault := _fault(path, container.format.name, stream, beat):
        raise unreadable(path, fault)
    if is_joined(path, container.format.name, reach):
        how = "ffmpeg -f concat -i LIST -c copy FILE.mp4 joins them"
        raise unreadable(path, f"two files joined byte for byte, of which only the first is shown ({how})")
    rounding_s = max(_ROUNDING * (stated or 0), _ROUNDING_S, 2 / float(stream.average_rate or 2))
    if stated is not None and end_s < stated - rounding_s:
        raise unreadable(path, f"cut off: it ends at {end_s:.2f} s, and states {stated:.2f} s")
    if not read.marks:
        raise unreadable(path, "no frames")
    if container.format.name == _UNTIMED:
        check_count(path, np.array(read.dts), stream.frames)
    return read


def _fault(path: Path, container: str, stream: av.VideoStream, beat: Callable[[], None]) -> str | None:
    """What the structure of the file says is wrong, and FFmpeg does not."""
    if container == "gif":
        return gif.fault(path)
    if container == "mpegts":
        return transport_stream.fault(path, stream.id, beat)
    missing = cut_off(path, container)
    return f"cut off: {missing}" if missing else None


def _laid_out(
    path: Path, container: str, stream: av.VideoStream, read: _Read, beat: Callable[[], None]
) -> Packets:
    """The packets with what is known of each, once their times make sense."""
    untimed = container == _UNTIMED
    stamps = np.array(read.dts if untimed else read.pts)
    if (stamps == _NONE).any() or stream.time_base is None:
        raise unreadable(path, "frames without time stamps")
    packets = Packets(
        path=Path(path), stream=stream.index, time_base=stream.time_base, pts=stamps, flags=_flags(path, read)
    )
    if not untimed:
        decoding = np.array(read.dts)
        check_clock(path, container, decoding[decoding != _NONE], stream.time_base)
    # Of a transport stream FFmpeg also says so where counters begin anew (``transport_stream``).
    if container != "mpegts" and (damaged := read.first(_DAMAGED)) is not None:
        raise unreadable(path, f"its container says that packet {damaged} of the video is damaged")
    # What is shown before the first key frame refers to what the file does not hold.
    first = int(np.flatnonzero(packets.flags & ENTRY)[0])
    if first and container not in BROADCAST:
        raise unreadable(path, "it does not begin with a key frame")
    packets.flags[:first] |= HIDDEN
    # Of a copy out of AVI, or by a muxer that knows of none, B-frames have the times of decoding.
    if untimed or (stream.codec_context.has_b_frames and (np.diff(stamps[first:]) > 0).all()):
        packets = _in_order_decoded(packets, first, beat)
    packets.flags[packets.pts < packets.pts[first]] |= HIDDEN
    if not len(packets.shown):
        raise unreadable(path, "no frames")
    again = np.flatnonzero(np.diff(packets.pts[packets.shown]) == 0)
    if len(again):
        raise unreadable(path, f"several frames at {packets.pts_s[again[0]]:.3f} s")
    return packets


def _flags(path: Path, read: _Read) -> np.ndarray:
    """(n,) uint8 of each packet."""
    marks, layer = np.frombuffer(read.marks, np.uint8), np.frombuffer(read.layer, np.uint8)
    flags = marks & (ENTRY | HIDDEN | DISPOSABLE)
    # A picture of a lower layer is referred to by those above.
    flags[layer < layer.max()] &= ~np.uint8(DISPOSABLE)
    # A recording may begin at a key frame that is none by its units; FFmpeg begins there, too.
    if (key := read.first(_KEY)) is not None:
        flags[key] |= ENTRY
    if not (flags & ENTRY).any():
        raise unreadable(path, "no key frame")
    return flags


def _in_order_decoded(packets: Packets, first: int, beat: Callable[[], None]) -> Packets:
    """With the time stamps in the order in which all frames are decoded, from packet ``first`` on: how they
    follow each other in the file does not say it.
    """
    flags = packets.flags & HIDDEN
    flags[first] |= ENTRY
    plain = replace(packets, pts=np.arange(len(flags)), flags=flags)
    order = []
    for index, _ in decoded(plain, np.arange(len(plain.shown))):
        beat()
        order.append(plain.shown[index])
    pts = packets.pts.copy()
    pts[order] = np.sort(pts[order])
    moved = np.where(pts == packets.pts, 0, MOVED).astype(np.uint8)
    return replace(packets, pts=pts, flags=packets.flags | moved)
