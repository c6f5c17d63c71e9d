from __future__ import annotations

import math

import pytest
import torch

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import DataError
from foretaste.training.masked_words import frequency_perplexity, perplexity, words_found


def _batch(rows: int, length: int, positions: list[int], tokens: list[int]) -> Batch:
    inputs = {
        "input_ids": torch.zeros(rows, length, dtype=torch.int64),
        "masked_positions": torch.tensor(positions),
    }
    return Batch(
        ids=tuple(map(str, range(rows))),
        inputs=inputs,
        labels={"token": torch.tensor(tokens, dtype=torch.int64)},
    )


def _says(tokens: list[list[float]]):
    return lambda batch: Outputs(logits={"token": torch.tensor(tokens)[: len(batch.labels["token"])]})


def test_perplexity_counts_tokens_not_batches():
    probabilities = [0.5, 0.25, 0.125]
    table = [[math.log(p), math.log(1 - p)] for p in probabilities]
    expected = math.exp(-sum(map(math.log, [0.5, 0.5, 0.25, 0.125])) / 4)
    batches = [_batch(1, 4, [1], [0]), _batch(2, 9, [1, 3, 12], [0, 0, 0])]
    assert perplexity(_says(table), batches) == pytest.approx(expected, rel=1e-6)


def test_a_word_is_found_when_all_its_tokens_are():
    logits = [[9.0, 1, 0, 0, 0, 0], [0, 9.0, 1, 0, 0, 0], [0, 0, 0, 5.0, 9, 0]]
    # Rows of four tokens: row 0 hides two tokens, row 2 one, row 1 none.
    batch = _batch(3, 4, [1, 2, 9], [0, 2, 5])
    assert words_found(_says(logits), [batch], k=2) == 50
    assert words_found(_says(logits), [batch], k=1) == 0
    assert words_found(_says(logits), [batch, _batch(2, 3, [], [])], k=6) == 100
    assert words_found(_says(logits), [_batch(2, 3, [], [])]) is None


def test_nothing_hidden_has_no_perplexity():
    with pytest.raises(DataError, match="no hidden token"):
        perplexity(_says([[0.0]]), [])


def test_frequencies_alone():
    seen, hidden = torch.tensor([3, 3, 3, 5]), torch.tensor([3, 5, 0])
    probability = {3: (3 + 2 / 10) / 6, 5: (1 + 2 / 10) / 6, 0: (2 / 10) / 6}
    expected = math.exp(-sum(math.log(probability[token]) for token in hidden.tolist()) / 3)
    assert frequency_perplexity(seen, hidden, 10) == pytest.approx(expected)
    assert sum(
        1 / frequency_perplexity(seen, torch.tensor([token]), 10) for token in range(10)
    ) == pytest.approx(1)
