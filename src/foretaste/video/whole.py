"""Whether a video decodes: its end, or all of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foretaste.video.decode import check_shape
from foretaste.video.frame_table import FrameTable
from foretaste.video.packets import ENTRY, unreadable
from foretaste.video.reader import decoded
from foretaste.video.scan import no_beat


def decodes_to_the_end(video: FrameTable, beat: Callable[[], None] = no_beat) -> int:
    """How many frames are decoded from the last key frame to the end, with a ``beat`` for each; raises
    DataError where one is damaged or missing there (a file that is cut off).
    """
    packets = video.packets
    last_key = np.flatnonzero(packets.flags & ENTRY)[-1]
    return _decode(video, np.flatnonzero(packets.pts[packets.shown] >= packets.pts[last_key]), beat)


def decodes_throughout(video: FrameTable, beat: Callable[[], None] = no_beat) -> int:
    """Decode every frame and count them; raises DataError where one is damaged, missing or out of order."""
    return _decode(video, np.arange(len(video.packets.shown)), beat)


def _decode(video: FrameTable, frames: np.ndarray, beat: Callable[[], None]) -> int:
    last = -1
    for index, frame in decoded(video.packets, frames):
        beat()
        check_shape(video, frame)
        if index < last:
            at = f"the frame at {video.pts_s[index]:.3f} s"
            raise unreadable(video.path, f"{at} follows a later one where it is decoded")
        last = index
    return len(frames)
