"""Frames of a video at given times.

At time t the frame is shown whose time stamp is the last one not after t; the first shown frame stands at 0.
(FFmpeg's own ``fps`` filter rounds to the nearest instead: at 1 frame a second it shows 0.47 s of the
future.)

Pictures are turned and mirrored as the file says, and come with square pixels. Every file is opened and
closed within one call: no reader crosses a fork. Nothing missing is replaced by a neighbour: it is an error
that names the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from foretaste.contracts.errors import DataError
from foretaste.video.frame_table import FrameTable, orientation_stated
from foretaste.video.packets import unreadable
from foretaste.video.reader import decoded
from foretaste.video.windows import shown_at

#: Frames that are held at a time, at most.
CHUNK = 64


def decoder() -> str:
    """What decodes, as it is kept with features."""
    return f"pyav {version('av')}"


def frames_at(
    video: FrameTable, times_s: np.ndarray, size: tuple[int, int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The frames shown at ``times_s`` (T,), in that order: (T, H, W, 3) uint8 RGB, and their time stamps (T,)
    float64 seconds.

    ``size`` is (H, W) to resize to (bilinear), the shown size where None. Every time stamp is <= its time.
    Raises DataError, with the path, for a time before 0 or after the end, and for a file that does not decode
    that far.
    """
    unique, inverse = np.unique(np.asarray(times_s, dtype=np.float64), return_inverse=True)
    chunks = list(stream_frames(video, unique, size))
    if not chunks:
        height, width = size or video.shown_size
        return np.empty((0, height, width, 3), dtype=np.uint8), np.empty(0)
    return (
        np.concatenate([frames for frames, _ in chunks])[inverse],
        np.concatenate([pts for _, pts in chunks])[inverse],
    )


def stream_frames(
    video: FrameTable, times_s: np.ndarray, size: tuple[int, int] | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """As ``frames_at`` for ascending times, in pieces of at most ``CHUNK`` frames, so that a long video fits
    in memory.
    """
    times_s = np.asarray(times_s, dtype=np.float64)
    if (np.diff(times_s) < 0).any():
        raise ValueError("times are ascending")
    outside = times_s[(times_s < 0) | (times_s >= video.end_s)]
    if len(outside):
        raise DataError(
            f"no frame at {outside[0]:.3f} s",
            video.path,
            f"times from 0 to {video.end_s:.3f} s, the end of the video",
            "compare the annotations with the video",
        )
    frames, repeats = np.unique(shown_at(video.pts_s, times_s), return_counts=True)
    held: list[np.ndarray] = []
    stamps: list[float] = []
    for (index, picture), times in zip(in_order(video, frames, size), repeats, strict=True):
        for _ in range(times):
            held.append(picture)
            stamps.append(float(video.pts_s[index]))
            if len(held) == CHUNK:
                yield np.stack(held), np.array(stamps)
                held, stamps = [], []
    if held:
        yield np.stack(held), np.array(stamps)


def in_order(
    video: FrameTable, frames: np.ndarray, size: tuple[int, int] | None
) -> Iterator[tuple[int, np.ndarray]]:
    """(index, picture as shown: (H, W, 3) uint8) of each of ``frames`` (ascending), in their order. ``size``
    as for ``frames_at``.
    """
    convert = _Shown(video, size)
    early: dict[int, np.ndarray] = {}
    coming = iter(frames.tolist())
    following = next(coming, None)
    for index, frame in decoded(video.packets, frames):
        early[index] = convert(frame)
        while following in early:
            yield following, early.pop(following)
            following = next(coming, None)


class _Shown:
    """Turns stored pictures into shown ones, of one size."""

    def __init__(self, video: FrameTable, size: tuple[int, int] | None) -> None:
        self._video = video
        self._height, self._width = video.orientation.shown(*(size or video.shown_size))
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """(H, W, 3) uint8."""
        check_shape(self._video, frame)
        resized = self._reformatter.reformat(
            frame, self._width, self._height, "rgb24", interpolation="BILINEAR", threads=1
        )
        return self._video.orientation.apply(resized.to_ndarray())


def check_shape(video: FrameTable, frame: av.VideoFrame) -> None:
    """DataError for a picture of another size than the first, or turned otherwise: its shape on the screen is
    not known.
    """
    if (frame.width, frame.height) != (video.width, video.height):
        sizes = f"from {video.width} x {video.height} to {frame.width} x {frame.height}"
        raise unreadable(video.path, f"the picture changes its size, {sizes}")
    if orientation_stated(frame, video.path) != video.orientation:
        raise unreadable(video.path, "the picture is turned otherwise than the first one")
