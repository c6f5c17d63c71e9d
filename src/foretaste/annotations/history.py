"""Which earlier segments of a video a text teacher is shown of a sample: the rule that decides most of its
score.

With t the end of the observation window:

    end     segments that are over by then, stop <= t: the window may show all of them
    start   segments that have begun, start < t: their labels may tell of up to tau_a seconds that the window
            does not show
    all     all segments before the target (by start, then stop), up to its own start: the loosest published
            context

Spans are half open, so a segment that starts exactly at t shows nothing of itself before t and is no history
under ``start``. A segment without a label tells nothing and is no history either.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from math import inf
from typing import Literal

import numpy as np
import pyarrow as pa

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import heads_of

#: Times closer than this are the same: annotation clocks tick in 1/30 s or 1/100 s, floating point does not.
TIE_S = 1e-6

Rule = Literal["end", "start", "all"]
Source = Literal["all_splits", "own_split"]


def histories(
    samples: pa.Table, segments: pa.Table, *, rule: Rule, source: Source, length: int | None
) -> list[np.ndarray]:
    """For each sample the rows of ``segments`` that are its history, oldest first: (h,) int64.

    Oldest first is by start (then stop) under ``start`` and ``all``, by stop (then start) under ``end``: the
    last one is what was begun, or finished, last.

    source
        ``all_splits``: segments of the whole video. ``own_split``: those of the sample's own split (the
        "gappy" histories of the published EGTEA teachers, where one session's clips stand in both splits).
    length
        At most so many, the latest; None keeps all.
    """
    first, second = ("stop_s", "start_s") if rule == "end" else ("start_s", "stop_s")
    labelled = segments.column(f"{heads_of(segments)[0]}_id").is_valid().to_pylist()
    # A segment without a stop goes on to the end of its video: it is never over.
    segments = segments.set_column(
        segments.schema.get_field_index("stop_s"), "stop_s", segments.column("stop_s").fill_null(inf)
    )
    groups: dict[tuple[str, ...], list[tuple[float, float, int]]] = defaultdict(list)
    for row, (group, *times) in enumerate(
        zip(_groups(segments, source), *(segments.column(name).to_pylist() for name in (first, second)))
    ):
        if labelled[row]:
            groups[group].append((*times, row))
    rows = {}
    for group, entries in groups.items():
        entries.sort()
        rows[group] = np.array([row for *_, row in entries], np.int64)
    none = np.empty(0, np.int64)
    found = []
    times = (
        samples.column(name).to_pylist() for name in ("window_stop_s", "target_start_s", "target_stop_s")
    )
    for group, t, start, stop in zip(_groups(samples, source), *times):
        entries = groups.get(group, [])
        if rule == "end":
            end = bisect_right(entries, (t + TIE_S, inf))
        elif rule == "start":
            end = bisect_left(entries, (t - TIE_S,))
        else:
            end = bisect_left(entries, (start, stop))
        found.append(rows.get(group, none)[0 if length is None else max(0, end - length) : end])
    return found


def check_histories(
    samples: pa.Table, segments: pa.Table, found: Sequence[np.ndarray], *, rule: Rule
) -> None:
    """Raise DataError, naming the sample, if any history holds a segment that ``rule`` forbids or one of
    another video.

    It compares time stamps and knows nothing of how the histories were found.
    """
    sample = np.repeat(np.arange(len(found)), [len(rows) for rows in found])
    segment = np.concatenate([*found, np.empty(0, np.int64)]).astype(np.int64)
    start, stop = (segments.column(name).fill_null(inf).to_numpy()[segment] for name in ("start_s", "stop_s"))
    t, target = (samples.column(name).to_numpy()[sample] for name in ("window_stop_s", "target_start_s"))
    late = {"end": stop > t + TIE_S, "start": start > t + TIE_S, "all": start > target}[rule]
    own = samples.column("segment_id").to_numpy(zero_copy_only=False)[sample]
    same = segments.column("segment_id").to_numpy(zero_copy_only=False)[segment] == own
    videos = (table.column("video_id").to_numpy(zero_copy_only=False) for table in (samples, segments))
    elsewhere = next(videos)[sample] != next(videos)[segment]
    bad = np.flatnonzero(late | same | elsewhere)
    if len(bad):
        which = bad[0]
        raise DataError(
            f"history holds segment {segments.column('segment_id')[int(segment[which])]} ({start[which]:.3f}"
            f" to {stop[which]:.3f} s)",
            f"samples: {samples.column('sample_id')[int(sample[which])]}",
            f"segments of its video that history_rule {rule} allows at {t[which]:.3f} s",
            "mend the history",
        )


def _groups(table: pa.Table, source: Source) -> list[tuple[str, ...]]:
    """What a row shares with its history: the video, or the video and the split."""
    columns = ("video_id",) if source == "all_splits" else ("video_id", "split")
    return list(zip(*(table.column(name).to_pylist() for name in columns)))
