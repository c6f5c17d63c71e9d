"""Backbone vectors of the observation window, from the feature store: what AVT's students see.

    inputs    features (B, T, D), or where maps are stored (B, T, ..., D), float16 or float32 as stored,
              oldest frame first; the last is the last grid time not after the window's stop
    labels    past_action, past_verb, past_noun (B, T) int64, where ``past`` is set: the segment going on at
              each frame

Windows that reach back before the video (or before their own start) repeat their first frame, as AVT and
RULSTM do. Labels of the past are those of the same split's segments that have a usable sample, as in AVT, at
the frames' own times on the grid; AVT spreads its times evenly between the ends of the window, which moves
them by up to a frame.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from pydantic import PositiveFloat, PositiveInt

from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import of_modality
from foretaste.contracts.view import AnyLook, Fetched, Sources
from foretaste.features.store import FeatureStore
from foretaste.settings.options import Options
from foretaste.video.windows import window_indices
from foretaste.views.observed import PastTies, past_labels, usable, without_a_frame

#: What it is made from: what a step with this view reads.
SHOWS = "features"


class Config(Options):
    frames: PositiveInt = 10
    """T."""
    rate: PositiveFloat = 1.0
    """Frames a second; it divides the grid's."""
    past: bool = False
    """Whether the labels of the past are given too (AVT's past-action loss)."""
    past_ties: PastTies = "midpoint"
    """Of several segments going on: the one whose midpoint is nearest; `half_duration` is AVT's published
    slip, which takes half the duration for the midpoint.
    """


class Features:
    """One window a sample; everything is found at building, so that a missing vector is an error before
    training starts.
    """

    workers = 0

    def __init__(self, config: Config, samples: pa.Table, store: FeatureStore, segments: pa.Table | None):
        self.store = store
        self.dtype = getattr(torch, store.origin.dtype)
        self.videos = samples.column("video_id").to_pylist()
        starts, stops = (samples.column(name).to_pylist() for name in ("window_start_s", "window_stop_s"))
        windows = [_window(config, start_s, stop_s, store) for start_s, stop_s in zip(starts, stops)]
        self.grid = np.stack(windows) if windows else np.empty((0, config.frames), np.int64)
        self.positions = [
            _evenly(store.positions(video, grid)) for video, grid in zip(self.videos, self.grid)
        ]
        self.past = (
            None
            if segments is None
            else past_labels(self.grid / store.origin.grid_fps, samples, segments, config.past_ties)
        )

    def __len__(self) -> int:
        return len(self.videos)

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """The windows of ``rows``; nothing is random."""
        stacked = torch.empty(len(rows), *self.grid.shape[1:], *self.store.shape, dtype=self.dtype)
        for window, row in zip(stacked.numpy(), rows):
            window[...] = self._window(row)
        labels = (
            {}
            if self.past is None
            else {f"past_{head}": torch.from_numpy(values[list(rows)]) for head, values in self.past.items()}
        )
        return Fetched(inputs={"features": stacked}, labels=labels)

    def digest(self, row: int) -> bytes:
        """Of the window's vectors as float32, in order."""
        return hashlib.sha256(self._window(row).astype(np.float32).tobytes()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the last frame behind the window's vectors."""
        return float(self.store.times(self.videos[row], self.grid[row]).max())

    def weights(self) -> None:
        """All windows are alike."""

    def _window(self, row: int) -> np.ndarray:
        return self.store.at(self.videos[row], self.positions[row])


def unseen(config: Config, sources: Sources) -> np.ndarray:
    """(n,) object: why this view cannot show the window of a sample of ``sources.samples``; None where it
    can.

    Without ``sources.features`` (they are yet to be made) only what the times tell.
    """
    samples = sources.need("samples", "views.features")
    videos = None if sources.videos is None else of_modality(sources.videos, RGB)
    reasons = without_a_frame(samples, videos)
    if sources.features is None:
        return reasons
    store = FeatureStore(sources.features)
    starts, stops = (samples.column(name).to_pylist() for name in ("window_start_s", "window_stop_s"))
    rows_of: dict[str, list[int]] = {}
    for row, video_id in enumerate(samples.column("video_id").to_pylist()):
        if reasons[row] is None:
            rows_of.setdefault(video_id, []).append(row)
    for video_id, rows in rows_of.items():
        windows = [_window(config, starts[row], stops[row], store) for row in rows]
        reasons[rows] = store.lacking(video_id, np.stack(windows))
    return reasons


def _evenly(positions: np.ndarray) -> slice | np.ndarray:
    """Positions in equal steps as a slice, by which they are copied once and not twice."""
    steps = np.unique(np.diff(positions))
    if len(steps) != 1 or steps[0] < 1:
        return positions
    return slice(int(positions[0]), int(positions[-1]) + 1, int(steps[0]))


def _window(config: Config, start_s: float, stop_s: float, store: FeatureStore) -> np.ndarray:
    """Grid indices (T,) int64 that the window shows."""
    return window_indices(
        start_s, stop_s, frames=config.frames, rate=config.rate, grid_fps=store.origin.grid_fps
    )


def build(config: Config, sources: Sources) -> Features:
    """The windows of ``sources.samples`` over ``sources.features``; needs ``segments`` where labels of the
    past are asked for.
    """
    samples, paths = (
        usable(sources.need("samples", "views.features")),
        sources.need("features", "views.features"),
    )
    return Features(
        config,
        samples,
        FeatureStore(paths),
        sources.need("segments", "views.features with past") if config.past else None,
    )
