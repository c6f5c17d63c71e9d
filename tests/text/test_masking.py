from __future__ import annotations

import numpy as np
import pytest

from foretaste.text.masking import Drawing, choose_phrases, choose_tokens, replace_tokens, uniform

ROWS = np.arange(4000)


def _drawing(rows=ROWS, seed=0, epoch=0):
    return Drawing(seed=seed, epoch=epoch, rows=np.asarray(rows))


def test_numbers_are_uniform_and_streams_apart():
    draw = uniform(3, 1, 0, ROWS, 50)
    assert draw.min() >= 0 and draw.max() < 1
    counts = np.histogram(draw, bins=20, range=(0, 1))[0]
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 50  # chi-square of 19 degrees: 43.8 has p = 0.001
    for other in (
        uniform(4, 1, 0, ROWS, 50),
        uniform(3, 2, 0, ROWS, 50),
        uniform(3, 1, 1, ROWS, 50),
        uniform(3, 1, 0, ROWS + 1, 50),
    ):
        assert abs(np.corrcoef(draw.ravel(), other.ravel())[0, 1]) < 0.01
    assert abs(np.corrcoef(draw[:, 0], draw[:, 1])[0, 1]) < 0.06


def test_a_row_draws_the_same_in_any_company_and_length():
    alone = uniform(5, 2, 1, np.array([17]), 4)
    assert np.array_equal(alone[0], uniform(5, 2, 1, ROWS, 30)[17, :4])


def test_seed_zero_and_epoch_zero_are_not_special():
    assert len(np.unique(uniform(0, 0, 0, ROWS, 1))) == len(ROWS)
    assert not np.array_equal(uniform(0, 1, 0, ROWS, 1), uniform(1, 0, 0, ROWS, 1))


def test_token_masks_have_their_rate_and_at_least_one():
    maskable = np.ones((4000, 40), dtype=bool)
    maskable[:, :3] = False
    chosen = choose_tokens(_drawing(), maskable, 0.15)
    assert not chosen[:, :3].any()
    assert chosen[:, 3:].mean() == pytest.approx(0.15, abs=0.005)
    assert chosen.any(1).all()
    short = choose_tokens(_drawing(), np.ones((4000, 3), dtype=bool), 0.15)
    assert short.any(1).all()
    # P(none of 3) = 0.614 are given one, evenly over the places; the rest as drawn.
    assert short.sum(1).mean() == pytest.approx(3 * 0.15 + 0.85**3, abs=0.03)
    assert np.allclose(short.mean(0), short.mean(), atol=0.03)
    assert not choose_tokens(_drawing([1]), np.zeros((1, 4), dtype=bool), 0.15).any()


def test_phrase_masks_hide_one_whole_phrase_the_last_one_as_often_as_asked():
    phrase = np.tile([-1, 0, 0, -1, 1, 1, 1, -1, 2, -1], (4000, 1))
    chosen = choose_phrases(_drawing(), phrase, 0.6)
    hidden = np.where(chosen, phrase, -9).max(1)
    for number in range(3):
        assert ((phrase == number) == chosen)[hidden == number].all()
    assert [(hidden == n).mean() for n in range(3)] == pytest.approx([0.2, 0.2, 0.6], abs=0.03)
    assert not chosen[phrase == -1].any()


def test_a_single_phrase_is_always_the_one_and_none_is_none():
    assert choose_phrases(_drawing(ROWS), np.tile([-1, 0, 0], (4000, 1)), 0.0).sum() == 8000
    assert not choose_phrases(_drawing([0]), np.full((1, 4), -1), 0.5).any()


def test_replacement_is_80_10_10():
    ids = np.full((4000, 20), 7)
    chosen = np.zeros_like(ids, dtype=bool)
    chosen[:, 5:] = True
    ordinary = np.arange(5, 105)
    made = replace_tokens(_drawing(), ids, chosen, 4, ordinary)
    assert (made[:, :5] == 7).all()
    inside = made[:, 5:]
    assert (inside == 4).mean() == pytest.approx(0.8, abs=0.01)
    assert (inside == 7).mean() == pytest.approx(0.1 + 0.1 / 100, abs=0.01)
    random = inside[(inside != 4) & (inside != 7)]
    assert set(np.unique(random)) == set(ordinary) - {7}


def test_masks_do_not_depend_on_the_rest_of_the_batch():
    phrase = np.tile([-1, 0, 0, 1, 1, 2, 2], (6, 1))
    together = choose_phrases(_drawing([5, 3, 9, 1, 4, 8], seed=2, epoch=7), phrase, 0.6)
    for at, row in enumerate([5, 3, 9, 1, 4, 8]):
        padded = np.full((1, 12), -1)
        padded[:, :7] = phrase[:1]
        assert np.array_equal(
            choose_phrases(_drawing([row], seed=2, epoch=7), padded, 0.6)[0, :7], together[at]
        )
