"""Scoring: every row once, in order, whatever the batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_training import N, TinyNet, samples

from foretaste.contracts.errors import DataError
from foretaste.training.scoring import score


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
