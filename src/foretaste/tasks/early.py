"""Early recognition: the action of a segment is told from its beginning, by models that may learn from what
comes later in it (Tran et al. 2019 on JHMDB: of a test clip the first fifth of its frames is seen).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from foretaste.settings.options import Options
from foretaste.tasks.rows import of_segments, spans_s

#: Whether it is made from the table of videos, too: a segment without a stop ends with its video.
VIDEOS = True

#: Whether its samples have labels.
LABELLED = True

#: Whether the target lies ahead of the window; where it does not, the window is the target.
AHEAD = True


class Config(Options):
    tau_a: NonNegativeFloat
    """Seconds between the end of the window and the start of its target."""
    tau_o: PositiveFloat
    """Seconds of the window, and of its target."""
    share: float = Field(0.2, gt=0, lt=1)
    """How much of a segment may be seen: the window of a sample that is measured ends there."""
    windows: PositiveInt = 1
    """Samples that a training segment makes: the first ends as those that are measured do, the others are
    evenly spaced from there to the last whose target lies in the segment.
    """


def build(config: Config, *, segments: pa.Table, videos: pa.Table | None = None) -> pa.Table:
    """Samples of all segments, in their order: window [t - tau_o, t], target [t + tau_a, t + tau_a + tau_o],
    neither of which leaves the segment.

    Where the segment ends before the target does, the target is what is left, and where nothing is left the
    sample is dropped. A window or target that is shorter than tau_o is shown with its first frame repeated,
    as all windows are.
    """
    starts, stops, dropped = spans_s(segments, videos)
    first = starts + config.share * (stops - starts)
    last = np.maximum(stops - config.tau_a - config.tau_o, first)
    trained_on = segments.column("split").to_numpy() == "training"
    counts = np.where(trained_on, config.windows, 1)
    rows = np.repeat(np.arange(segments.num_rows), counts)
    number = np.concatenate([np.arange(count) for count in counts]) if len(counts) else rows
    ends = first[rows] + (last - first)[rows] * number / max(config.windows - 1, 1)
    targets = ends + config.tau_a
    target_ends = np.minimum(targets + config.tau_o, stops[rows])
    reasons = dropped[rows]
    nothing_left = np.equal(reasons, None) & (target_ends <= targets)
    reasons[nothing_left] = f"ends within {config.tau_a:.4g} s after its window"
    times_s = {
        "window_start_s": np.maximum(ends - config.tau_o, starts[rows]),
        "window_stop_s": ends,
        "target_start_s": targets,
        "target_stop_s": np.maximum(target_ends, targets),
    }
    own = segments.column("segment_id").to_pylist()
    several = [f"{own[row]}:{at}" if counts[row] > 1 else own[row] for row, at in zip(rows, number)]
    return of_segments(segments.take(pa.array(rows)), times_s, reasons, several)
