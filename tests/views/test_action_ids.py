import hashlib

import numpy as np
import pyarrow as pa
import pytest
from spaces import SEGMENTS_OF_THREE, anticipated

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.settings import families


@pytest.fixture
def sources() -> Sources:
    """One video: a long action that is not over when the third is predicted."""
    count = 3
    columns = {name: [None] * count for name in SEGMENTS_OF_THREE.names} | {
        "segment_id": ["a", "b", "c"],
        "dataset": ["small"] * 3,
        "split": ["training"] * 3,
        "video_id": ["v"] * 3,
        "start_s": [0.0, 2.0, 10.0],
        "stop_s": [9.5, 4.0, 12.0],
        "action_id": [4, 7, 5],
    }
    segments = pa.table(
        [pa.array(columns[f.name], type=f.type) for f in SEGMENTS_OF_THREE],
        schema=SEGMENTS_OF_THREE,
    )
    return Sources(segments=segments, samples=anticipated(segments, tau_a=1.0, tau_o=5.0))


def build(sources, **settings):
    return families.build("views", {"kind": "action_ids", **settings}, sources=sources)


def test_ids_stand_right_and_the_left_is_padded(sources):
    view = build(sources, rule="start", length=4)
    fetched = view.fetch([2, 0, 1])
    assert (
        fetched.inputs["history"].tolist() == [[-1, -1, 4, 7], [-1] * 4, [-1, -1, -1, 4]] and UNLABELLED == -1
    )
    assert len(view) == 3 and view.weights() is None and not fetched.labels
    assert view.newest_s(2) == 2.0 and view.newest_s(0) == -np.inf
    assert view.digest(2) == hashlib.sha256(np.array([-1, -1, 4, 7], "<i8").tobytes()).digest()[:16]


def test_the_rule_and_the_length_decide(sources):
    assert build(sources, rule="end", length=2).fetch([2]).inputs["history"].tolist() == [[-1, 7]]
    assert build(sources, rule="start", length=None).fetch([2, 0]).inputs["history"].tolist() == [
        [4, 7],
        [-1, -1],
    ]
    assert build(sources, rule="end", length=2).newest_s(2) == 4.0
    assert build(sources, rule="start", length=1).fetch([2]).inputs["history"].tolist() == [[7]]


def test_it_says_what_it_needs():
    with pytest.raises(ConfigError, match="action_ids needs samples"):
        build(Sources())
