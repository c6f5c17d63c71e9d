"""Small tables of segments."""

from __future__ import annotations

import pyarrow as pa
import pytest
from spaces import SEGMENTS_OF_THREE


@pytest.fixture
def make_segments():
    """A SEGMENTS table from rows (id, video, start_s, stop_s) with optional split and action id."""

    def make(rows, splits=None, actions=None) -> pa.Table:
        ids, videos, starts, stops = (list(column) for column in zip(*rows, strict=True))
        actions = [0] * len(ids) if actions is None else actions
        columns = {name: [None] * len(ids) for name in SEGMENTS_OF_THREE.names} | {
            "segment_id": [str(i) for i in ids],
            "dataset": ["small"] * len(ids),
            "split": splits or ["training"] * len(ids),
            "video_id": videos,
            "start_s": starts,
            "stop_s": stops,
            "verb_id": actions,
            "noun_id": actions,
            "action_id": actions,
        }
        return pa.table(
            [pa.array(columns[f.name], type=f.type) for f in SEGMENTS_OF_THREE],
            schema=SEGMENTS_OF_THREE,
        )

    return make
