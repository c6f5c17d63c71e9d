"""Pairs: unlabelled windows of training videos, each with what came tau_a later (Tran et al. 2019, "Back to
the Future"). A model takes them beside the samples of its task (``extra: [pairs]``).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import heads_of
from foretaste.settings.options import Options
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
    """How many pairs in the vicinity of training segments."""
    unlabelled: NonNegativeInt = 0
    """How many more of videos that no segment is of (`videos: {unlabelled: true}` of the dataset)."""
    vicinity_s: NonNegativeFloat = 10.0
    """The second window starts at most so many seconds before or after a training segment."""
    seed: int = Field(0, ge=0)
    """Draws them."""


def build(config: Config, *, segments: pa.Table, videos: pa.Table | None = None) -> pa.Table:
    """``count + unlabelled`` samples of the split ``training`` without a segment and without labels: window
    [t - tau_a - tau_o, t - tau_a], target [t, t + tau_o], for a t that is drawn within the vicinity of a
    training segment, itself drawn; the ``unlabelled`` last ones anywhere in a video, itself drawn, that no
    segment is of.

    Both windows lie inside the video, and overlap no segment of another split. Raises DataError where there
    is no room for them.
    """
    room = _Room(config, segments, ends_s(videos))
    random = np.random.default_rng(config.seed)
    drawn = _draw(room, config.count, room.near, "training segments", random)
    drawn += _draw(room, config.unlabelled, room.bare, "videos that no segment is of", random)
    starts = np.array([start_s for _, start_s in drawn])
    columns = {
        "sample_id": [f"pair:{number}" for number in range(len(drawn))],
        "video_id": [video_id for video_id, _ in drawn],
        "split": ["training"] * len(drawn),
        "window_start_s": starts - config.tau_a - config.tau_o,
        "window_stop_s": starts - config.tau_a,
        "target_start_s": starts,
        "target_stop_s": starts + config.tau_o,
    }
    heads = heads_of(segments)
    nothing = pa.nulls(len(drawn)).cast(pa.int32())
    empty = dict.fromkeys((*(f"{head}_id" for head in heads),), nothing)
    unset = {name: [None] * len(drawn) for name in ("segment_id", "dropped_because")}
    return table(columns | empty | unset, heads)


class _Room:
    """Where second windows may start: video, first and last start, which may lie outside the video."""

    def __init__(self, config: Config, segments: pa.Table, last_s: dict[str, float]) -> None:
        """``last_s``: where videos end."""
        self.config, self.last_s = config, last_s
        self.near: list[tuple[str, float, float]] = []
        self._others: dict[str, list[tuple[float, float]]] = {}
        for row in segments.select(("video_id", "split", "start_s", "stop_s")).to_pylist():
            video_id, start_s, stop_s = row["video_id"], row["start_s"], row["stop_s"]
            if video_id not in last_s:
                continue
            stop_s = last_s[video_id] if stop_s is None else stop_s
            if row["split"] == "training":
                self.near.append((video_id, start_s - config.vicinity_s, stop_s + config.vicinity_s))
            else:
                self._others.setdefault(video_id, []).append((start_s, stop_s))
        annotated = set(segments.column("video_id").to_pylist())
        self.bare = [(name, 0.0, end_s) for name, end_s in sorted(last_s.items()) if name not in annotated]

    def holds(self, video_id: str, t: float) -> bool:
        """Whether both windows lie in the video, and neither in a segment of another split."""
        config = self.config
        first, second = (t - config.tau_a - config.tau_o, t - config.tau_a), (t, t + config.tau_o)
        if first[0] < 0 or second[1] > self.last_s[video_id]:
            return False
        others = self._others.get(video_id, ())
        return not any(_overlap(first, other) or _overlap(second, other) for other in others)


def _draw(
    room: _Room,
    count: int,
    places: list[tuple[str, float, float]],
    where: str,
    random: np.random.Generator,
) -> list[tuple[str, float]]:
    """Videos and starts of ``count`` second windows."""
    found: list[tuple[str, float]] = []
    for _ in range(PATIENCE * count if places else 0):
        if len(found) == count:
            break
        video_id, first_s, last_s = places[random.integers(len(places))]
        t = random.uniform(first_s, last_s)
        if room.holds(video_id, t):
            found.append((video_id, float(t)))
    if len(found) < count:
        longer = room.config.tau_a + 2 * room.config.tau_o
        raise DataError(
            f"room for {len(found)} of {count} pairs",
            where,
            f"videos longer than {longer:g} s",
            "lower tau_o or their number, or raise vicinity_s, in the dataset's tasks: pairs; videos without "
            "segments are there with videos: {unlabelled: true}",
        )
    return found


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
