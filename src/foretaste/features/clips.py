"""Clips that end at ascending times, from one pass over a video: each frame is decoded once, whatever clips
hold it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from foretaste.video.decode import stream_frames
from foretaste.video.frame_table import FrameTable


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What a network sees at a time: the frame shown then, and those ``1 / rate`` seconds apart before it, T
    in all. Of times before the video's start its first frame is shown, as in windows (``video.windows``).
    """

    frames: int = 1
    rate: float = 1.0

    def times_s(self, ends_s: np.ndarray) -> np.ndarray:
        """(n,) -> (n, T), oldest first; the last is the end itself."""
        back_s = np.arange(self.frames - 1, -1, -1) / self.rate
        return np.maximum(ends_s[:, None] - back_s, 0.0)


def stream_clips(
    video: FrameTable, clip: Clip, ends_s: np.ndarray, size: tuple[int, int], batch: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Clips (b, T, H, W, 3) uint8, decoded to ``size`` (H, W), b = ``batch`` but for the last, and the time
    stamps (b,) of their last frames. ``ends_s`` (n,) ascends.

    In memory are the clips of a batch, and the frames that one of them or of the next holds.
    """
    wanted_s, of = np.unique(clip.times_s(ends_s), return_inverse=True)
    of = of.reshape(len(ends_s), clip.frames)  # clip, frame -> place among the wanted
    frames = np.empty((0, *size, 3), np.uint8)
    stamps, first, row = np.empty(0), 0, 0
    for more, more_s in stream_frames(video, wanted_s, size):
        frames, stamps = np.concatenate([frames, more]), np.concatenate([stamps, more_s])
        while row < len(of):
            stop = min(row + batch, len(of))
            if of[stop - 1, -1] >= first + len(frames):
                break
            places = of[row:stop] - first
            yield frames[places], stamps[places[:, -1]]
            row = stop
            passed = (of[row, 0] if row < len(of) else len(wanted_s)) - first
            frames, stamps, first = frames[passed:], stamps[passed:], first + passed
