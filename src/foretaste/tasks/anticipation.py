"""Anticipation: the action of a segment is predicted from what stands before it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import NonNegativeFloat, PositiveFloat

from foretaste.contracts.errors import DataError
from foretaste.settings.options import Options
from foretaste.tasks.rows import of_segments

#: Whether it is made from the table of videos, too.
VIDEOS = False

#: Whether its samples have labels.
LABELLED = True

#: Whether the target lies ahead of the window; where it does not, the window is the target.
AHEAD = True


class Config(Options):
    tau_a: NonNegativeFloat
    """Seconds between the end of the window and the start of the action."""
    tau_o: PositiveFloat
    """Seconds of the window."""
    earliest_stop_s: float | None = None
    """Samples whose window stops earlier in the video are dropped. AVT drops those that stop before the first
    frame is over (1/30 s); text teachers score every sample, so nothing is dropped unless this is set.
    """
    target_s: PositiveFloat | None = None
    """How much of the action, from its start, is the target that a teacher may see; null: all of it."""


def build(config: Config, *, segments: pa.Table, videos: pa.Table | None = None) -> pa.Table:
    """One sample a segment, in the same order: window [start - tau_a - tau_o, start - tau_a].

    The window of an early segment starts before the video does (a negative ``window_start_s``); the sample is
    still one. A sample that cannot be used stays, with the reason in ``dropped_because``. Raises DataError
    for whole clips: nothing stands before them.
    """
    if segments.column("stop_s").null_count:
        raise DataError(
            "segments without a stop",
            "segments",
            "actions with a start and a stop within their video",
            "give their times, or use the task recognition",
        )
    start, end = (segments.column(name).to_numpy() for name in ("start_s", "stop_s"))
    stop = start - config.tau_a
    dropped = np.full(segments.num_rows, None, dtype=object)
    if config.earliest_stop_s is not None:
        # No tolerance: AVT drops 16/30 - 0.5 s, which floating point puts just below 1/30 s.
        dropped[stop < config.earliest_stop_s] = f"window stops before {config.earliest_stop_s:.4g} s"
    times_s = {
        "window_start_s": stop - config.tau_o,
        "window_stop_s": stop,
        "target_start_s": start,
        "target_stop_s": end if config.target_s is None else np.minimum(end, start + config.target_s),
    }
    return of_segments(segments, times_s, dropped)
