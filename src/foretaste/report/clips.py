"""A sample as a small film that stands in the page itself: what its window showed, and what came then."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np

from foretaste.report.filmstrips import data_uri
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import FrameTable, confirmed

#: Pictures a second, width in pixels, x264's quality (the lower the better).
RATE, WIDTH, QUALITY = 8, 256, "28"

#: Of a longer window the last so many seconds are shown, of a longer action the first.
SEEN_S, ACTION_S = 12.0, 4.0


@dataclass(frozen=True, kw_only=True)
class Clip:
    """``film``: a data URI, H.264 in mp4; seconds of it that models saw, that nobody saw, and of the action.
    ``still``: the last picture that models saw, for paper. ``width``, ``height`` are pixels.
    """

    film: str
    still: str
    width: int
    height: int
    seen_s: float
    unseen_s: float
    action_s: float


def clip(
    video: FrameTable, start_s: float, stop_s: float, target_s: float, target_stop_s: float | None
) -> Clip | None:
    """The window [start_s, stop_s] and, where it lies ahead, the action; times are seconds. None where the
    video ends before.
    """
    last = video.end_s - 0.5 / video.rate_fps
    begin = max(start_s, stop_s - SEEN_S, 0.0)
    until = max(stop_s, min(target_stop_s or target_s, target_s + ACTION_S))
    times = np.arange(begin, min(until, last), 1 / RATE)
    if not len(times):
        return None
    shown_height, shown_width = video.shown_size
    height = round(WIDTH * shown_height / shown_width) // 2 * 2
    frames, _ = frames_at(confirmed(video), times, size=(height, WIDTH))
    return Clip(
        film=_encoded(frames),
        still=data_uri(frames[np.searchsorted(times, stop_s, side="right") - 1]),
        width=WIDTH,
        height=height,
        seen_s=stop_s - begin,
        unseen_s=max(target_s - stop_s, 0.0),
        action_s=max(min(until, last) - max(target_s, stop_s), 0.0),
    )


def _encoded(frames: Sequence[np.ndarray]) -> str:
    """Pictures (T, H, W, 3) uint8 RGB as a data URI; equal ones give equal bytes (one thread)."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        options = {"preset": "veryfast", "crf": QUALITY, "threads": "1"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return f"data:video/mp4;base64,{base64.b64encode(written.getvalue()).decode()}"
