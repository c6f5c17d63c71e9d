"""Frames of a video at given times, by decord where it is right and by PyAV where it is not.

At time t the frame is shown whose time stamp is the last one not after t; the first shown frame stands at 0.
(FFmpeg's own ``fps`` filter rounds to the nearest instead: at 1 frame a second it shows 0.47 s of the
future.)

decord is the default. Where the packets of a file show what decord is known to get wrong, or what was never
compared (``Packets.decord_objection``), PyAV decodes it from start to end, which is always right. Every file
is opened and closed within one call: no reader crosses a fork. Nothing missing is replaced by a neighbour: it
is an error that names the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import av
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.video.packets import INDEXED_CONTAINERS, Packets, opened, seconds, unreadable
from foretaste.video.windows import shown_at

Decoder = Literal["decord", "pyav"]

#: Frames that are held at a time, at most.
CHUNK = 64

#: Size (H, W) of frames that nobody looks at.
_SMALL = (32, 32)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which decoder reads a file, and why."""

    decoder: Decoder
    reason: str

    @property
    def description(self) -> str:
        """As it is kept with the features: decoder, version, reason."""
        return f"{self.decoder} {version({'decord': 'decord', 'pyav': 'av'}[self.decoder])} ({self.reason})"


def choose(video: Packets, decoder: Decoder = "decord") -> Choice:
    """decord, unless its frames are not to be trusted for this file or PyAV is asked for."""
    if decoder == "pyav":
        return Choice(decoder="pyav", reason="as set")
    if video.decord_objection is not None:
        return Choice(decoder="pyav", reason=video.decord_objection)
    return Choice(decoder="decord", reason="closed groups of pictures, steady rate")


def frames_at(
    video: Packets, times_s: np.ndarray, size: tuple[int, int] | None = None, decoder: Decoder = "decord"
) -> tuple[np.ndarray, np.ndarray]:
    """The frames shown at ``times_s`` (T,), in that order: (T, H, W, 3) uint8 RGB, and their time stamps (T,)
    float64 seconds.

    ``size`` is (H, W) to resize to (bilinear, rotation applied), as stored where None. Every time stamp is <=
    its time. Raises DataError, with the path, for a time before 0 or after the end, and for a file that does
    not decode that far.
    """
    unique, inverse = np.unique(np.asarray(times_s, dtype=np.float64), return_inverse=True)
    chunks = list(stream_frames(video, unique, size, decoder))
    if not chunks:
        height, width = size or video.shown_size
        return np.empty((0, height, width, 3), dtype=np.uint8), np.empty(0)
    return (
        np.concatenate([frames for frames, _ in chunks])[inverse],
        np.concatenate([pts for _, pts in chunks])[inverse],
    )


def stream_frames(
    video: Packets, times_s: np.ndarray, size: tuple[int, int] | None = None, decoder: Decoder = "decord"
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
    if choose(video, decoder).decoder == "decord":
        pieces = _by_decord(video, times_s, size)
    else:
        pieces = _by_pyav(video, times_s, size)
    got = 0
    for frames, pts_s in pieces:
        wanted = times_s[got : got + len(frames)]
        if len(pts_s) != len(frames) or (pts_s > wanted).any():
            raise unreadable(video.path, f"a frame later than asked near {wanted[0]:.3f} s")
        got += len(frames)
        yield frames, pts_s
    if got != len(times_s):
        raise unreadable(video.path, f"decoding stops before {times_s[got]:.3f} s of {video.end_s:.3f} s")


def _by_decord(
    video: Packets, times_s: np.ndarray, size: tuple[int, int] | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    import decord  # only where it is used: it loads an FFmpeg of its own

    height, width = size or (-1, -1)
    indices = shown_at(video.pts_s, times_s)
    try:
        reader = decord.VideoReader(
            str(video.path), ctx=decord.cpu(0), width=width, height=height, num_threads=1
        )
        if len(reader) != len(video.pts_s):
            raise unreadable(
                video.path, f"decord counts {len(reader)} frames where the packets say {len(video.pts_s)}"
            )
        first_s = reader.get_frame_timestamp(0)[0]
        for start in range(0, len(indices), CHUNK):
            chosen = indices[start : start + CHUNK]
            stamps = reader.get_frame_timestamp(chosen)[:, 0] - first_s  # float32
            if np.abs(stamps - video.pts_s[chosen]).max() > 0.5 / video.rate_fps:
                raise unreadable(video.path, "decord and the packets disagree on the times of frames")
            yield reader.get_batch(chosen).asnumpy(), video.pts_s[chosen]
    except (decord.DECORDError, RuntimeError) as error:
        # Not its own words: which of its threads meets the damage first, and what that one says, is chance.
        raise unreadable(video.path, "decord cannot decode the frames that are wanted of it") from error


def _by_pyav(
    video: Packets, times_s: np.ndarray, size: tuple[int, int] | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Decodes from the start and keeps what is shown at the wanted times."""
    held: list[tuple[np.ndarray, float]] = []
    at = 0
    frames = _decoded(video)
    frame, pts_s = next(frames, (None, 0.0))
    while frame is not None and at < len(times_s):
        following, next_s = next(frames, (None, video.end_s))
        if times_s[at] < next_s:
            picture = _picture(frame, video.rotation, size)
            while at < len(times_s) and times_s[at] < next_s:
                held.append((picture, pts_s))
                at += 1
                if len(held) == CHUNK:
                    yield _stacked(held)
                    held = []
        # A decoder that ends early without an error would leave its last frame standing until the end of the
        # video.
        if following is None and next_s - pts_s > 1.5 * max(_last_step(video), 1e-9):
            raise unreadable(video.path, f"decoding stops at {pts_s:.3f} s of {video.end_s:.3f} s")
        frame, pts_s = following, next_s
    frames.close()
    if held:
        yield _stacked(held)


def _decoded(video: Packets) -> Iterator[tuple[av.VideoFrame, float]]:
    """Every frame with its time, in the order shown."""
    with opened(video.path) as (container, stream):
        by_order = (
            container.format.name == "avi"
        )  # AVI stores no time stamps, and those that FFmpeg guesses jump back at B-frames
        first, last = None, -1.0
        for count, frame in enumerate(container.decode(stream)):
            if by_order:
                if count >= len(video.pts_s):
                    raise unreadable(video.path, f"more frames than the {len(video.pts_s)} packets")
                pts_s = float(video.pts_s[count])
            else:
                if frame.pts is None:
                    raise unreadable(video.path, f"frame {count} has no time stamp")
                first = frame.pts if first is None else first
                pts_s = float(seconds(np.int64(frame.pts - first), frame.time_base))
            if pts_s <= last:
                raise unreadable(video.path, f"the time stamps do not ascend at frame {count}")
            last = pts_s
            yield frame, pts_s


def _last_step(video: Packets) -> float:
    """Seconds for which the last frame is shown."""
    return video.end_s - float(video.pts_s[-1])


def _picture(frame: av.VideoFrame, rotation: int, size: tuple[int, int] | None) -> np.ndarray:
    """(H, W, 3) uint8. PyAV leaves the rotation that phones write beside the picture to the reader."""
    turned = rotation in (90, 270)
    if size is not None:
        height, width = size[::-1] if turned else size
        frame = frame.reformat(width=width, height=height, format="rgb24", interpolation="BILINEAR")
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), rotation // 90))


def _stacked(held: list[tuple[np.ndarray, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([picture for picture, _ in held]), np.array([pts_s for _, pts_s in held])


def decodes_to_the_end(video: Packets) -> None:
    """Decode from the last key frame to the end, or all of a file without an index; raises DataError where
    frames fail or are missing (a file cut off or damaged there).
    """
    with opened(video.path) as (container, stream):
        expected = len(video.pts_s)
        if container.format.name in INDEXED_CONTAINERS:
            expected = int((video.pts_s >= video.last_key_s).sum())
            container.seek(
                (stream.start_time or 0) + round(video.last_key_s / stream.time_base), stream=stream
            )
        decoded = sum(1 for _ in container.decode(stream))
    if decoded < expected:
        raise unreadable(video.path, f"only {decoded} of the last {expected} frames decode")


def decodes_throughout(video: Packets) -> None:
    """Decode every frame as whoever reads it later does, small; raises DataError where one fails."""
    for _ in stream_frames(video, video.pts_s, _SMALL):
        pass
