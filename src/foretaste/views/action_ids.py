"""What a count teacher sees of a sample: the ids of the actions before the target."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from pydantic import PositiveInt

from foretaste.annotations.history import check_histories, histories
from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.tables import heads_of
from foretaste.contracts.view import AnyLook, Fetched, Sources
from foretaste.settings.options import Options

#: What it is made from: what a step with this view reads.
SHOWS = "history"


class Config(Options):
    rule: Literal["end", "start", "all"] = "start"
    """With t the end of the window: segments that stop by t, that start before t, or all that start before
    the target.
    """
    source: Literal["all_splits", "own_split"] = "all_splits"
    """Segments of the whole video, or only those of the sample's own split ("gappy")."""
    length: PositiveInt | None = 5
    """How many of the latest are shown; null: all."""


class ActionIds:
    """One row a sample.

    history
        (S, L) int64, the latest action last, ``UNLABELLED`` on the left where there are fewer than L.
    newest_s
        (S,) float64, seconds.
    """

    workers = 0

    def __init__(self, history: np.ndarray, newest_s: np.ndarray):
        self.history, self._newest_s = history, newest_s

    def __len__(self) -> int:
        return len(self.history)

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """``history`` (B, L) int64."""
        return Fetched(inputs={"history": torch.from_numpy(self.history[np.asarray(rows, dtype=np.int64)])})

    def digest(self, row: int) -> bytes:
        """16 bytes of the sha256 of the row's ids, little-endian int64."""
        return hashlib.sha256(self.history[row].astype("<i8").tobytes()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Of the segments shown, the latest stop (rule ``end``) or the latest start (the other rules)."""
        return float(self._newest_s[row])

    def weights(self) -> None:
        """All rows are alike."""


def build(config: Config, sources: Sources) -> ActionIds:
    """The histories of ``sources.samples`` among ``sources.segments``, checked against the rule by their time
    stamps.
    """
    samples, segments = sources.need("samples", "action_ids"), sources.need("segments", "action_ids")
    found = histories(samples, segments, rule=config.rule, source=config.source, length=config.length)
    check_histories(samples, segments, found, rule=config.rule)
    ids = segments.column(f"{heads_of(segments)[0]}_id").fill_null(UNLABELLED).to_numpy().astype(np.int64)
    width = config.length or max((len(shown) for shown in found), default=0)
    history = np.full((len(found), width), UNLABELLED, dtype=np.int64)
    for row, shown in enumerate(found):
        history[row, width - len(shown) :] = ids[shown]
    times = segments.column("stop_s" if config.rule == "end" else "start_s").to_numpy()
    return ActionIds(history, np.array([times[shown].max(initial=-np.inf) for shown in found]))
