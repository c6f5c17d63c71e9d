"""Models that are given a part of the training labels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from foretaste.pipeline import families
from foretaste.training.material import partly_labelled, trained_rows

LABELLED = [{"loss": {"kind": "cross_entropy"}, "of": "action"}]
BOTH = [*LABELLED, {"loss": {"kind": "kl", "temperature": 1.0, "t_squared": False}, "of": "action",
                    "to": "teacher", "over": "unlabelled"}]  # fmt: skip


@pytest.fixture
def samples(make_segments) -> pa.Table:
    """Two windows of each of 40 training segments, one of each of 10 that are measured."""
    rows = [(f"s{number}", "v", 10.0 * number, 10.0 * number + 8) for number in range(50)]
    splits = ["training"] * 40 + ["validation"] * 10
    task = {"kind": "early", "tau_a": 1.0, "tau_o": 1.0, "windows": 2}
    return families.build("tasks", task, segments=make_segments(rows, splits=splits, actions=[1] * 50))


def labelled(samples: pa.Table) -> set[str]:
    return {row["sample_id"] for row in samples.to_pylist() if row["action_id"] is not None}


def test_a_share_of_the_training_segments_keep_their_labels_with_all_their_windows(samples):
    given = partly_labelled(samples, 0.5, seed=0)
    kept = labelled(given)
    assert len(kept) == 2 * 20 + 10 and {f"s{number}" for number in range(40, 50)} <= kept
    assert all((f"{name}:0" in kept) == (f"{name}:1" in kept) for name in (f"s{at}" for at in range(40)))
    for row in given.to_pylist():
        assert (row["verb_id"] is None) == (row["noun_id"] is None) == (row["action_id"] is None)
        assert row["segment_id"] is not None
    assert given.drop(["action_id", "verb_id", "noun_id"]) == samples.drop(
        ["action_id", "verb_id", "noun_id"]
    )


def test_a_larger_share_holds_a_smaller_one_and_another_seed_another_half(samples):
    half, more = (labelled(partly_labelled(samples, share, seed=0)) for share in (0.5, 0.75))
    assert half < more < labelled(samples)
    assert labelled(partly_labelled(samples, 0.5, seed=1)) != half


def test_what_has_no_label_is_trained_on_where_a_term_counts_it(samples):
    given = partly_labelled(samples, 0.25, seed=0)
    assert len(trained_rows(given, LABELLED)) == 20
    np.testing.assert_array_equal(trained_rows(given, BOTH), np.arange(80))
