"""Orders of epochs, cuts of batches, and rows joined with their ids and labels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch
from spaces import SAMPLES_OF_THREE
from tiny_training import N, TinyView, samples

from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Look
from foretaste.training.samples import Loader, Share, check_boundary, class_counts, join


def table(rows: int = N, stop=lambda row: float(row)) -> pa.Table:
    columns = {
        "sample_id": [f"s{row}" for row in range(rows)],
        "segment_id": [None] * rows,
        "video_id": ["v"] * rows,
        "split": ["training"] * rows,
        "window_start_s": [0.0] * rows,
        "window_stop_s": [stop(row) for row in range(rows)],
        "target_start_s": [0.0] * rows,
        "target_stop_s": [0.0] * rows,
        "verb_id": [None] * rows,
        "noun_id": [row % 3 for row in range(rows)],
        "action_id": [None if row % 2 else row for row in range(rows)],
        "dropped_because": [None] * rows,
    }
    return pa.table(columns, schema=SAMPLES_OF_THREE)


@pytest.mark.parametrize("buckets", [False, True])
def test_an_epoch_visits_every_row_once_in_an_order_of_its_own(buckets):
    loader = Loader(samples=samples(), batch=8, seed=4, buckets=buckets)
    orders = [[batch.tolist() for batch in loader.order(epoch)] for epoch in (0, 1)]
    for order in orders:
        assert len(order) == loader.steps == 5
        assert sorted(len(batch) for batch in order) == [5, 8, 8, 8, 8]
        assert sorted(position for batch in order for position in batch) == list(range(N))
    assert orders[0] != orders[1]
    assert orders[1] == [
        batch.tolist() for batch in Loader(samples=samples(), batch=8, seed=4, buckets=buckets).order(1)
    ]
    assert orders[1] != [
        batch.tolist() for batch in Loader(samples=samples(), batch=8, seed=5, buckets=buckets).order(1)
    ]


def test_buckets_hold_rows_of_like_length():
    rows = samples(view=TinyView(400), rows=range(0, 400, 2))
    spread = []
    for buckets in (False, True):
        order = Loader(samples=rows, batch=10, buckets=buckets).order(3)
        lengths = np.asarray(rows.view.lengths)[rows.rows]
        spread.append(np.mean([np.ptp(lengths[batch]) for batch in order]))
    assert spread[1] < spread[0] / 4


def test_steps_go_on_from_any_step():
    loader = Loader(samples=samples(), batch=8, seed=1)
    everything = [(step, epoch, positions.tolist()) for step, epoch, positions in loader.steps_from(0, 13)]
    assert [step for step, _, _ in everything] == list(range(13))
    assert [epoch for _, epoch, _ in everything] == [0] * 5 + [1] * 5 + [2] * 3
    for start in (0, 4, 5, 11, 13):
        assert [
            (step, epoch, positions.tolist()) for step, epoch, positions in loader.steps_from(start, 13)
        ] == everything[start:]


@pytest.mark.parametrize("total", [1, 3, 13])
def test_pieces_make_up_the_batch(total):
    loader = Loader(samples=samples(), batch=8, seed=1)
    (whole,) = loader.requests(4, 5, Share(total=1))  # the last batch of an epoch: 5 samples
    (cut,) = loader.requests(4, 5, Share(count=total, total=total))
    singly = [next(loader.requests(4, 5, Share(first=first, total=total))) for first in range(total)]
    assert np.concatenate(cut.pieces).tolist() == whole.pieces[0].tolist() == loader.order(0)[4].tolist()
    assert [one.pieces[0].tolist() for one in singly] == [piece.tolist() for piece in cut.pieces]
    assert whole.look == cut.look == Look(seed=1, epoch=0)
    joined = [loader.samples.batch(piece, cut.look).inputs["features"] for piece in cut.pieces if len(piece)]
    together = loader.samples.batch(whole.pieces[0], whole.look).inputs["features"]
    assert torch.equal(torch.cat(joined), together)


def test_training_shakes_rows_and_scoring_does_not():
    rows = samples()
    still = rows.batch([3, 1]).inputs["features"]
    assert torch.equal(still, rows.view.features[[3, 1]])
    assert not torch.equal(rows.batch([3, 1], Look(0, 0)).inputs["features"], still)
    asked = list(Loader(samples=rows, batch=4).in_order(1, 3))
    assert {request.look for request in asked} == {None}
    assert np.concatenate([request.pieces[0] for request in asked]).tolist() == list(range(1, N, 3))


def test_join_takes_ids_and_labels_from_the_table():
    joined = join(TinyView(), table(), [5, 2, 4])
    assert joined.ids == ("s5", "s2", "s4")
    assert set(joined.labels) == {"action", "noun"}
    batch = joined.batch([0, 2])
    assert batch.labels["action"].tolist() == [-1, 4]
    assert batch.labels["noun"].tolist() == [2, 1]
    assert class_counts(joined)["action"].tolist() == [0, 0, 1, 0, 1]


def test_join_refuses_a_view_of_another_table():
    with pytest.raises(DataError, match="view of 37 rows"):
        join(TinyView(), table(36), [0])


def test_boundary_is_checked_on_every_row():
    joined = join(TinyView(), table(), range(N))
    check_boundary(joined, table())
    late = table(stop=lambda row: row - (0.5 if row == 20 else 0.0))
    with pytest.raises(DataError, match=r"shows 20\.000 s: samples: s20: nothing after 19\.500 s"):
        check_boundary(joined, late)
