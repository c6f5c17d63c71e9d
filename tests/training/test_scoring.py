"""Scoring: every row once, in order, whatever the batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_training import N, TinyNet, samples

from foretaste.contracts.errors import DataError
from foretaste.training.scoring import score


class Alike:
    """A view of which some rows are as another one."""

    def __init__(self, view, same):
        self.view, self.same = view, same

    def __getattr__(self, name):
        return getattr(self.view, name)

    def __len__(self):
        return len(self.view)

    def digest(self, row):
        return self.view.digest(self.same.get(row, row))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return TinyNet(dropout=0.5)


def test_rows_in_order_whatever_the_batch(model):
    rows = samples(range(N - 1, 3, -2))
    whole = score(model, rows, batch=100)
    assert whole.ids == rows.ids
    with torch.inference_mode():
        expected = model.eval()(rows.batch(range(len(rows))))
    np.testing.assert_allclose(whole.logits["action"], expected.logits["action"].numpy(), atol=1e-6)
    np.testing.assert_allclose(whole.embedding, expected.embedding.numpy(), atol=1e-6)
    for batch in (1, 5):
        again = score(model, rows, batch=batch)
        np.testing.assert_allclose(again.logits["action"], whole.logits["action"], atol=1e-6)
    assert whole.logits["action"].dtype == np.float32


def test_no_rows(model):
    with pytest.raises(DataError, match="no rows to score"):
        score(model, samples([]))


def test_rows_that_are_shown_alike_are_scored_once(model):
    rows = samples(range(6))
    rows.view.features[4] = rows.view.features[1]
    same = replace(rows, view=Alike(rows.view, {4: 1, 5: 1}))
    seen = []
    hook = model.register_forward_hook(lambda _, given, __: seen.extend(given[0].ids))
    found = score(model, same, batch=2)
    hook.remove()
    assert sorted(seen) == sorted(rows.ids[:4]) and found.ids == rows.ids
    whole = score(model, rows)
    np.testing.assert_allclose(found.logits["action"][:5], whole.logits["action"][:5], atol=1e-6)
    np.testing.assert_array_equal(found.logits["action"][5], found.logits["action"][1])
    np.testing.assert_array_equal(found.embedding[4], found.embedding[1])
    assert found.digests[4] == found.digests[1] != found.digests[0] and len(whole.digests) == 6


def test_rows_whose_maps_are_kept_are_scored_one_by_one(model):
    kept = []
    same = replace(samples(range(4)), view=Alike(samples(range(4)).view, {1: 0}))
    score(model, same, batch=3, keep=lambda positions, _: kept.extend(positions.tolist()))
    assert sorted(kept) == [0, 1, 2, 3]
