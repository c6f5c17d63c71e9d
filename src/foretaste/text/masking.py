"""Which tokens are hidden, as a pure function of (seed, epoch, sequence): the same however batches are put
together, in whatever order and process they are made, and after a resume.

The random numbers come from a counter, not from a state: the SplitMix64 finaliser (Steele et al. 2014, "Fast
splittable pseudorandom number generators") of (seed, epoch, stream, row, index).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
#: Independent streams of random numbers, one a use.
WINDOW, CHOOSE, REPLACE, RANDOM_TOKEN, SAMPLE = range(5)


def uniform(seed: int, epoch: int, stream: int, rows: np.ndarray, count: int) -> np.ndarray:
    """(len(rows), count) float64 in [0, 1): number k of a row depends on (seed, epoch, stream, row, k)
    alone.
    """
    key = np.zeros(1, dtype=np.uint64)
    for part in (seed, epoch, stream):
        key = _mix(key + np.array([part], dtype=np.uint64) * _GOLDEN)
    keys = _mix(key + np.asarray(rows).astype(np.uint64) * _GOLDEN)[:, None]
    bits = _mix(keys + np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN)
    return (bits >> np.uint64(11)) * 2.0**-53


def _mix(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Where the random numbers of a batch come from: seed, epoch, and the id of each of its B sequences."""

    seed: int
    epoch: int
    rows: np.ndarray

    def uniform(self, stream: int, count: int) -> np.ndarray:
        """(B, count) numbers in [0, 1) of one stream."""
        return uniform(self.seed, self.epoch, stream, self.rows, count)


def choose_tokens(drawing: Drawing, maskable: np.ndarray, rate: float) -> np.ndarray:
    """Each maskable token with probability ``rate``, and at least one a sequence (the one nearest to being
    chosen).

    maskable (B, N) bool -> chosen (B, N) bool. Without that floor a phrase of five tokens has none with p =
    0.44, and a batch without any has no loss.
    """
    draw = np.where(maskable, drawing.uniform(CHOOSE, maskable.shape[1]), 2.0)
    chosen = draw < rate
    empty = ~chosen.any(1) & maskable.any(1)
    chosen[empty, draw[empty].argmin(1)] = True
    return chosen


def choose_phrases(drawing: Drawing, phrase: np.ndarray, last: float) -> np.ndarray:
    """All tokens of one phrase: the last one with probability ``last``, else one of the others, each as
    likely.

    phrase (B, N) int64: the number of the phrase that a token belongs to, -1 where to none -> chosen (B, N)
    bool.
    """
    final = phrase.max(1, initial=-1)
    draw = drawing.uniform(CHOOSE, 2)
    other = np.minimum((draw[:, 1] * final).astype(np.int64), final - 1)
    pick = np.where((draw[:, 0] < last) | (final < 1), final, other)
    return (phrase == pick[:, None]) & (phrase >= 0)


def replace_tokens(
    drawing: Drawing, ids: np.ndarray, chosen: np.ndarray, mask: int, ordinary: np.ndarray
) -> np.ndarray:
    """BERT's replacement of the chosen tokens: 80 % mask, 10 % a random ordinary token, 10 % left as they
    are.

    ids (B, N), chosen (B, N) bool, ordinary: ids of the tokens that are not special -> ids (B, N) int64.
    """
    how = drawing.uniform(REPLACE, ids.shape[1])
    random = ordinary[(drawing.uniform(RANDOM_TOKEN, ids.shape[1]) * len(ordinary)).astype(np.int64)]
    return np.where(chosen & (how < 0.8), mask, np.where(chosen & (how < 0.9), random, ids))
