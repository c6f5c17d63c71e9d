"""Models that are given a part of the training labels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from foretaste.annotations.history import histories
from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.view import Sources
from foretaste.settings import families
from foretaste.training.material import given_labels, trained_rows
from foretaste.views.observed import past_labels

LABELLED = [{"loss": {"kind": "cross_entropy"}, "of": "action"}]
BOTH = [*LABELLED, {"loss": {"kind": "kl", "temperature": 1.0, "t_squared": False}, "of": "action",
                    "to": "teacher", "over": "unlabelled"}]  # fmt: skip


@pytest.fixture
def sources(make_segments) -> Sources:
    """Two windows of each of 40 training segments, one of each of 10 that are measured."""
    rows = [(f"s{number}", "v", 10.0 * number, 10.0 * number + 8) for number in range(50)]
    splits = ["training"] * 40 + ["validation"] * 10
    segments = make_segments(rows, splits=splits, actions=[1] * 50)
    place = segments.schema.get_field_index("verb")
    segments = segments.set_column(place, segments.schema.field(place), pa.array(["cut"] * 50, pa.string()))
    place = segments.schema.get_field_index("narration")
    segments = segments.set_column(
        place, segments.schema.field(place), pa.array(["cut it"] * 50, pa.string())
    )
    task = {"kind": "early", "tau_a": 1.0, "tau_o": 1.0, "windows": 2}
    return Sources(samples=families.build("tasks", task, segments=segments), segments=segments)


def part_of(sources: Sources, share: float, seed: int = 0) -> Sources:
    return given_labels(sources, {"labels": {"share": share, "seed": seed}})


def labelled(given: Sources) -> set[str]:
    return {row["sample_id"] for row in given.samples.to_pylist() if row["action_id"] is not None}


def test_a_share_of_the_training_segments_keep_their_labels_with_all_their_windows(sources):
    given = part_of(sources, 0.5)
    kept = labelled(given)
    assert len(kept) == 2 * 20 + 10 and {f"s{number}" for number in range(40, 50)} <= kept
    assert all((f"{name}:0" in kept) == (f"{name}:1" in kept) for name in (f"s{at}" for at in range(40)))
    for row in given.samples.to_pylist():
        assert (row["verb_id"] is None) == (row["noun_id"] is None) == (row["action_id"] is None)
        assert row["segment_id"] is not None
    heads = ["action_id", "verb_id", "noun_id"]
    assert given.samples.drop(heads) == sources.samples.drop(heads)


def test_a_larger_share_holds_a_smaller_one_and_another_seed_another_half(sources):
    half, more = (labelled(part_of(sources, share)) for share in (0.5, 0.75))
    assert half < more < labelled(sources)
    assert labelled(part_of(sources, 0.5, 1)) != half


def test_what_has_no_label_is_trained_on_where_a_term_counts_it(sources):
    given = part_of(sources, 0.25).samples
    assert len(trained_rows(given, LABELLED)) == 20
    np.testing.assert_array_equal(trained_rows(given, BOTH), np.arange(80))


def test_nothing_tells_the_labels_that_a_model_is_not_given(sources):
    """Half of 40 segments are labelled: their labels are no labels of the past, and stand in no history."""
    given = part_of(sources, 0.5)
    told = {row["segment_id"] for row in given.samples.to_pylist() if row["action_id"] is not None}
    times_s = given.samples["window_stop_s"].to_numpy()[:, None]
    past = past_labels(times_s, given.samples, given.segments, "midpoint")["action"][:, 0]
    for row, label in zip(given.samples.to_pylist(), past.tolist(), strict=True):
        assert (label != UNLABELLED) == (row["segment_id"] in told)
    found = histories(given.samples, given.segments, rule="end", source="all_splits", length=None)
    names = given.segments["segment_id"].to_pylist()
    assert {names[row] for rows in found for row in rows} <= told
    for words in ("verb", "narration"):
        worded = {row["segment_id"] for row in given.segments.to_pylist() if row[words] is not None}
        assert worded == told
