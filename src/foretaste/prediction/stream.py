"""A stream that can be read once, in order: a pipe, a camera, an address. It is decoded as it comes; of its
frames those are held that some window to come may show.

What the workflow's code reads are files. So for every few moments the frames that their windows show become
one: the pictures as they were decoded, losslessly (FFV1), in a Matroska file that lives as long as the
moments are computed. Memory and disk do not grow with the stream.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyarrow as pa

from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import VIDEOS
from foretaste.pipeline.contents import video_digest
from foretaste.prediction.watched import VIDEO_ID, Watched
from foretaste.video.frame_table import FrameTable, as_row, orientation_stated
from foretaste.video.orientation import UPRIGHT
from foretaste.video.packets import ENTRY, MOVED, Packets, seconds, videos_in
from foretaste.video.windows import shown_at

#: Standard input.
STANDARD_INPUT = "-"


def is_stream(name: str) -> bool:
    """Whether a name is no file that can be read again and again."""
    if name == STANDARD_INPUT or "://" in name or name.startswith("pipe:"):
        return True
    return os.path.exists(name) and not (stat.S_ISREG(os.stat(name).st_mode) or os.path.isdir(name))


@dataclass
class Stream:
    """An open stream: frames in order, on a clock that starts with the first one.

    held
        The frames that may still be shown, with their times in ticks of ``time_base``; the first one always
        is.
    wanted_s
        Sorted times at which frames are shown: what is not shown at any is let go when the next one comes.
    end_s
        Up to which time all is known; the stream's end once it has ``ended``.
    """

    name: str
    coming: Iterator[av.VideoFrame]
    time_base: Fraction
    rate_fps: float
    pixel_aspect: float
    held: list[tuple[int, av.VideoFrame]] = field(default_factory=list)
    wanted_s: np.ndarray = field(default_factory=lambda: np.empty(0))
    start: int | None = None
    end_s: float = 0.0
    ended: bool = False

    def read_past(self, time_s: float) -> None:
        """Decode until a frame later than ``time_s`` has come, or the stream ends."""
        while not self.ended and self.end_s <= time_s:
            self._read_one()

    def forget_before(self, time_s: float) -> None:
        """Let go what is shown before ``time_s`` only."""
        while len(self.held) > 2 and self._at(self.held[2][0]) <= time_s:
            del self.held[1]

    def _at(self, ticks: int) -> float:
        return float(seconds(np.int64(ticks), self.time_base))

    def _read_one(self) -> None:
        try:
            frame = next(self.coming, None)
        except av.FFmpegError as error:
            raise bad(self.name, f"FFmpeg: {error.strerror}") from error
        if frame is None:
            if not self.held:
                raise bad(self.name, "no frames")
            self.ended, self.end_s = True, self._at(self.held[-1][0]) + 1 / self.rate_fps
            return
        if frame.pts is None or frame.time_base != self.time_base:
            raise bad(self.name, "frames without time stamps")
        if frame.is_corrupt:
            raise bad(self.name, f"the frame at {frame.time:.3f} s is damaged")
        self.start = frame.pts if self.start is None else self.start
        ticks = frame.pts - self.start
        if self.held and ticks <= self.held[-1][0]:
            raise bad(self.name, f"its clock goes back, to {frame.time:.3f} s")
        if len(self.held) > 1 and not self._is_wanted(self.held[-1][0], ticks):
            self.held.pop()
        self.held.append((ticks, frame))
        self.end_s = self._at(ticks)

    def _is_wanted(self, start: int, stop: int) -> bool:
        """Whether a time from ``start`` to before ``stop`` is wanted."""
        first, last = np.searchsorted(self.wanted_s, (self._at(start), self._at(stop)))
        return bool(last > first)


@contextmanager
def opened_stream(name: str) -> Iterator[Stream]:
    """The first video stream of what FFmpeg reads under ``name``; DataError where it reads none."""
    options = {"format": "v4l2"} if name.startswith("/dev/video") else {}
    try:
        with av.open("pipe:0" if name == STANDARD_INPUT else name, **options) as container:
            found = videos_in(container)
            if not found:
                raise bad(name, "no video stream")
            video = found[0]
            yield Stream(
                name=name,
                coming=container.decode(video),
                time_base=video.time_base,
                rate_fps=float(video.average_rate or video.guessed_rate or 25),
                pixel_aspect=float(video.sample_aspect_ratio or 1),
            )
    except av.FFmpegError as error:
        raise bad(name, f"FFmpeg: {error.strerror}") from error


def spooled(stream: Stream, times_s: np.ndarray, folder: Path) -> Watched:
    """A file of the first frame and of those that are shown at ``times_s``, in any order, which
    have come; its clock is the stream's.
    """
    held = list(stream.held)
    ticks = np.array([one for one, _ in held], np.int64)
    known_s = seconds(ticks, stream.time_base)
    chosen = np.unique(np.concatenate([[0], shown_at(known_s, times_s)]))
    path = folder / "frames.mkv"
    _write(path, [held[one][1] for one in chosen.tolist()], stream.name)
    first = held[0][1]
    if orientation_stated(first, path) != UPRIGHT:
        raise bad(stream.name, "a picture that is to be turned")
    table = FrameTable(
        packets=Packets(
            path=path,
            stream=0,
            time_base=stream.time_base,
            pts=ticks[chosen],
            flags=np.full(len(chosen), ENTRY | MOVED, np.uint8),
        ),
        name=path.name,
        codec="ffv1",
        end_s=stream.end_s,
        rate_fps=stream.rate_fps,
        width=first.width,
        height=first.height,
        orientation=UPRIGHT,
        pixel_aspect=stream.pixel_aspect,
        streams=1,
        digest=video_digest(path),
    )
    row = {"video_id": VIDEO_ID, "modality": RGB, "path": path.name, **as_row(table)}
    columns = [pa.array([row[column.name]], column.type) for column in VIDEOS.schema]
    return Watched(table=pa.table(columns, schema=VIDEOS.schema), folder=folder, frames=table)


def _write(path: Path, frames: list[av.VideoFrame], name: str) -> None:
    """The pictures, bit for bit, with what says how their colours are meant."""
    with av.open(str(path), "w") as container:
        made = container.add_stream("ffv1", rate=25, options={"g": "1"})
        first, context = frames[0], made.codec_context
        made.width, made.height, made.pix_fmt = first.width, first.height, first.format.name
        context.colorspace, context.color_range = first.colorspace, first.color_range
        for number, frame in enumerate(frames):
            if (frame.width, frame.height, frame.format.name) != (made.width, made.height, made.pix_fmt):
                raise bad(name, "the picture changes its size or format")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(made.encode(frame))
        container.mux(made.encode())


def bad(name: str, what: str) -> DataError:
    """The error for a stream that cannot be used."""
    return DataError(
        what, name, "a stream of video that FFmpeg reads in order", "mend it, or save it and name the file"
    )
