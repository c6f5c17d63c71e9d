"""Several short sequences in one row, so that little of it is padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foretaste.text.tokenizer import pad


def rows_of(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Which sequences share a row of at most ``size`` tokens: first fit, the longest first (equal ones in
    their order).

    A sequence that is longer than ``size`` has a row of its own.
    """
    rows: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        row = next((r for r, left in enumerate(room) if left >= lengths[index]), None)
        if row is None:
            rows.append([])
            room.append(size)
            row = len(rows) - 1
        rows[row].append(index)
        room[row] -= lengths[index]
    return rows


def places(real: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each token of a packed row comes from in a padded batch.

    real (B, N) bool, which tokens there are, from the left -> three (R, L) int64: the place in B * N (0 for
    padding), the sequence that it belongs to (-1 for padding), and its position in that sequence, from 0 (0
    for padding).
    """
    lengths = real.sum(1).tolist()
    rows = rows_of(lengths, size)
    sequence, filled = pad([np.repeat(row, [lengths[i] for i in row]) for row in rows], -1)
    position, _ = pad([np.concatenate([np.arange(lengths[i]) for i in row]) for row in rows], 0)
    return np.where(filled, sequence * real.shape[1] + position, 0), sequence, position
