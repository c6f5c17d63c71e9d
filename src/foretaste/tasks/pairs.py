"""Pairs: unlabelled windows of training videos, each with what came tau_a later (Tran et al. 2019, "Back to
the Future"). A model takes them beside the samples of its task (``extra: [pairs]``).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import heads_of
from foretaste.pipeline.options import Options
from foretaste.tasks.rows import ends_s, table

#: Whether it is made from the table of videos, too.
VIDEOS = True

#: Draws a pair that may fail before it is said that there are none.
PATIENCE = 200

#: Whether its samples have labels.
LABELLED = False

#: Whether the target lies ahead of the window; where it does not, the window is the target.
AHEAD = True


class Config(Options):
    tau_a: NonNegativeFloat
    """Seconds between the two windows."""
    tau_o: PositiveFloat
    """Seconds of each window."""
    count: PositiveInt = 1000
    """How many pairs."""
    vicinity_s: NonNegativeFloat = 10.0
    """The second window starts at most so many seconds before or after a training segment."""
    seed: int = Field(0, ge=0)
    """Draws them."""


def build(config: Config, *, segments: pa.Table, videos: pa.Table | None = None) -> pa.Table:
    """``count`` samples of the split ``training`` without a segment and without labels: window [t - tau_a -
    tau_o, t - tau_a], target [t, t + tau_o], for a t that is drawn within the vicinity of a training segment,
    itself drawn.

    Both windows lie inside the video, and overlap no segment of another split. Raises DataError where there
    is no room for them.
    """
    last_s = ends_s(videos)
    training = pc.equal(segments.column("split"), "training").to_pylist()
    rows = segments.select(("video_id", "start_s", "stop_s")).to_pylist()
    near, others = [], {}
    for row, own in zip(rows, training, strict=True):
        if row["video_id"] in last_s:
            stop_s = last_s[row["video_id"]] if row["stop_s"] is None else row["stop_s"]
            if own:
                near.append((row["video_id"], row["start_s"], stop_s))
            else:
                others.setdefault(row["video_id"], []).append((row["start_s"], stop_s))
    drawn = _draw(config, near, others, last_s)
    starts = np.array([start_s for _, start_s in drawn])
    columns = {
        "sample_id": [f"pair:{number}" for number in range(config.count)],
        "video_id": [video_id for video_id, _ in drawn],
        "split": ["training"] * config.count,
        "window_start_s": starts - config.tau_a - config.tau_o,
        "window_stop_s": starts - config.tau_a,
        "target_start_s": starts,
        "target_stop_s": starts + config.tau_o,
    }
    heads = heads_of(segments)
    nothing = pa.nulls(config.count).cast(pa.int32())
    empty = dict.fromkeys((*(f"{head}_id" for head in heads),), nothing)
    unset = {name: [None] * config.count for name in ("segment_id", "dropped_because")}
    return table(columns | empty | unset, heads)


def _draw(
    config: Config,
    near: list[tuple[str, float, float]],
    others: dict[str, list[tuple[float, float]]],
    last_s: dict[str, float],
) -> list[tuple[str, float]]:
    """Videos and starts of the second windows."""
    random = np.random.default_rng(config.seed)
    before, found = config.tau_a + config.tau_o, []
    for _ in range(PATIENCE * config.count if near else 0):
        video_id, start_s, stop_s = near[random.integers(len(near))]
        t = random.uniform(start_s - config.vicinity_s, stop_s + config.vicinity_s)
        inside = t - before >= 0 and t + config.tau_o <= last_s[video_id]
        windows = ((t - before, t - config.tau_a), (t, t + config.tau_o))
        if inside and not any(_overlap(one, other) for one in windows for other in others.get(video_id, ())):
            found.append((video_id, float(t)))
            if len(found) == config.count:
                return found
    raise DataError(
        f"room for {len(found)} of {config.count} pairs",
        "training segments and videos",
        f"training videos longer than {before + config.tau_o:g} s",
        "lower tau_o or count, or raise vicinity_s, in the dataset's tasks: pairs",
    )


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
