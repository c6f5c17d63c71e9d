"""Where the optional real data and golden numbers lie; tests that need them skip, saying so, where they are
absent.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).parents[1]
SHARED = Path(os.environ.get("FORETASTE_SHARED", REPOSITORY.parent / "shared"))


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set FORETASTE_SHARED to the folder that holds {name}/")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real label tables, recipes and clips."""
    return _folder("data")


@pytest.fixture(scope="session")
def shared_golden() -> Path:
    """Numbers computed by the papers' own code."""
    return _folder("golden")


@pytest.fixture
def make_segments():
    """A SEGMENTS table from rows (id, video, start_s, stop_s) with optional split and action id."""
    import pyarrow as pa  # after the settings above
    from spaces import SEGMENTS_OF_THREE as SCHEMA

    def make(rows, splits=None, actions=None) -> pa.Table:
        ids, videos, starts, stops = (list(column) for column in zip(*rows, strict=True))
        actions = [0] * len(ids) if actions is None else actions
        columns = {name: [None] * len(ids) for name in SCHEMA.names} | {
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
        return pa.table([pa.array(columns[f.name], type=f.type) for f in SCHEMA], schema=SCHEMA)

    return make
