"""Recognition: the action of a segment is told from the segment itself."""

from __future__ import annotations

import pyarrow as pa

from foretaste.settings.options import Options
from foretaste.tasks.rows import of_segments, spans_s

#: Whether it is made from the table of videos, too: a segment without a stop ends with its video.
VIDEOS = True

#: Whether its samples have labels.
LABELLED = True

#: Whether the target lies ahead of the window; where it does not, the window is the target.
AHEAD = False


class Config(Options):
    """It has no settings."""


def build(config: Config, *, segments: pa.Table, videos: pa.Table | None = None) -> pa.Table:
    """One sample a segment, in the same order: window and target are the segment.

    A whole clip stops with the last frame of its video, as it was probed; one whose video was skipped is
    dropped. Raises DataError for whole clips where no video was probed.
    """
    starts, ends, dropped = spans_s(segments, videos)
    times_s = {
        "window_start_s": starts, "window_stop_s": ends, "target_start_s": starts, "target_stop_s": ends,
    }  # fmt: skip
    return of_segments(segments, times_s, dropped)
