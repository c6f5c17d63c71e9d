"""A video that browsers play: H.264 in 8-bit 4:2:0, its index in front, with the sound of the file that it
was made from.

Sound that an mp4 may hold and browsers play is copied; other sound becomes AAC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from foretaste.pipeline.artifact import whole
from foretaste.video.frame_table import FrameTable
from foretaste.video.packets import unreadable

#: Ticks a second of the written video.
CLOCK = 90_000

#: Sound that is copied.
COPIED = ("aac", "mp3", "opus")

#: What x264 is told: fast, of a quality that stands a second encoding.
OPTIONS = {"preset": "veryfast", "crf": "23"}


def even(size: tuple[int, int]) -> tuple[int, int]:
    """(H, W) as 4:2:0 allows."""
    return max(size[0] // 2 * 2, 2), max(size[1] // 2 * 2, 2)


def write_video(
    path: Path,
    pictures: Iterable[tuple[float, np.ndarray]],
    size: tuple[int, int],
    video: FrameTable,
    options: dict[str, str] | None = None,
) -> None:
    """Write ``pictures``, each its time in seconds and (H, W, 3) uint8 of ``size``, which is even, with the
    sound of ``video``. Whole or not at all.
    """
    with whole(path) as partial, ExitStack() as files:
        container = files.enter_context(
            av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"})
        )
        stream = container.add_stream("libx264", rate=Fraction(video.rate_fps).limit_denominator(90_000))
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, CLOCK)
        stream.options = OPTIONS | (options or {})
        sound = _Sound(video, container, files)
        for time_s, picture in pictures:
            sound.until(time_s)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time_s * CLOCK), Fraction(1, CLOCK)
            container.mux(stream.encode(frame))
        sound.until(video.end_s)
        sound.finish()
        container.mux(stream.encode())


class _Sound:
    """The first sound of a file, if it has one, on the clock of its video."""

    def __init__(self, video: FrameTable, container: av.container.OutputContainer, files: ExitStack):
        self._coming: Iterator[av.Packet] = iter(())
        self._stream: av.AudioStream | None = None
        if not video.path.is_file() or video.packets.places is not None:
            return
        given = files.enter_context(av.open(str(video.path)))
        if not given.streams.audio:
            return
        source = given.streams.audio[0]
        self._copied = source.codec_context.codec.canonical_name in COPIED
        if self._copied:
            self._stream = container.add_stream_from_template(source)
        else:
            context = source.codec_context
            layout = "mono" if context.channels == 1 else "stereo"
            self._stream = container.add_stream("aac", rate=context.sample_rate, layout=layout)
        self._container, self._path = container, video.path
        self._coming = self._read(given.demux(source))
        packets = video.packets
        self._start_s = float(packets.pts[packets.shown[0]] * packets.time_base)
        self._held: av.Packet | None = None

    def until(self, time_s: float) -> None:
        """Write what sounds before a time of the video."""
        while self._stream is not None:
            packet = self._held or next(self._coming, None)
            self._held = None
            if packet is None or packet.pts is None:
                self._coming = iter(())
                return
            if float(packet.pts * packet.time_base) - self._start_s >= time_s:
                self._held = packet
                return
            self._write(packet)

    def _read(self, items: Iterator[Any]) -> Iterator[Any]:
        """What FFmpeg reads or decodes; DataError for sound that is damaged."""
        try:
            yield from items
        except av.FFmpegError as error:
            raise unreadable(self._path, f"its sound is damaged (FFmpeg: {error.strerror})") from error

    def finish(self) -> None:
        """Write what an encoder still holds."""
        if self._stream is not None and not self._copied:
            self._container.mux(self._stream.encode())

    def _write(self, packet: av.Packet) -> None:
        if not self._copied:
            for frame in self._read(_frames(packet)):
                frame.pts = round(frame.pts - self._start_s / frame.time_base)
                if frame.pts >= 0:
                    self._container.mux(self._stream.encode(frame))
            return
        shift = round(self._start_s / packet.time_base)
        packet.pts -= shift
        packet.dts = packet.pts
        if packet.pts >= 0:
            packet.stream = self._stream
            self._container.mux(packet)


def _frames(packet: av.Packet) -> Iterator[av.AudioFrame]:
    yield from packet.decode()
