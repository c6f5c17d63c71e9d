"""Backbone vectors of the observation window, from the feature store: what AVT's students see.

    inputs    features (B, T, D) float32, oldest frame first; the last is the last grid time not after the window's stop
    labels    past_action, past_verb, past_noun (B, T) int64, where ``past`` is set: the segment going on at each frame

Windows that reach back before the video (or before their own start) repeat their first frame, as AVT and RULSTM do.
Labels of the past are those of the same split's segments that have a usable sample, as in AVT.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from pydantic import PositiveFloat, PositiveInt

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.classes import HEADS
from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Fetched, Sources
from foretaste.features.store import FeatureStore
from foretaste.pipeline.options import Options
from foretaste.video.windows import PastTies, label_at, window_indices


class Config(Options):
    frames: PositiveInt = 10
    """T."""
    rate: PositiveFloat = 1.0
    """Frames a second; it divides the grid's."""
    past: bool = False
    """Whether the labels of the past are given too (AVT's past-action loss)."""
    past_ties: PastTies = "midpoint"
    """Of several segments going on: the one whose midpoint is nearest; `half_duration` is AVT's published slip, which takes half
    the duration for the midpoint."""


class Features:
    """One window a sample; everything is found at building, so that a missing vector is an error before training starts."""

    def __init__(self, config: Config, samples: pa.Table, store: FeatureStore, segments: pa.Table | None):
        self.store = store
        self.width = store.origin.width
        self.videos = samples.column("video_id").to_pylist()
        starts, stops = (samples.column(name).to_pylist() for name in ("window_start_s", "window_stop_s"))
        fps = store.origin.grid_fps
        windows = [window_indices(a, b, frames=config.frames, rate=config.rate, grid_fps=fps) for a, b in zip(starts, stops)]
        self.grid = np.stack(windows) if windows else np.empty((0, config.frames), np.int64)
        self.positions = [store.positions(video, grid) for video, grid in zip(self.videos, self.grid)]
        self.past = None if segments is None else _past_labels(self.grid / fps, samples, segments, config.past_ties)

    def __len__(self) -> int:
        return len(self.videos)

    def fetch(self, rows: Sequence[int], *, seed: int, epoch: int, training: bool) -> Fetched:
        """The windows of ``rows``; nothing is random."""
        stacked = np.stack([self._window(row) for row in rows])
        labels = {} if self.past is None else {f"past_{head}": torch.from_numpy(values[list(rows)]) for head, values in self.past.items()}
        return Fetched(inputs={"features": torch.from_numpy(stacked)}, labels=labels)

    def digest(self, row: int) -> bytes:
        """Of the window's vectors as float32, in order."""
        return hashlib.sha256(self._window(row).tobytes()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the last frame behind the window's vectors."""
        return float(self.store.times(self.videos[row], self.grid[row]).max())

    def weights(self) -> None:
        """All windows are alike."""

    def _window(self, row: int) -> np.ndarray:
        return self.store.at(self.videos[row], self.positions[row]).astype(np.float32)


def _past_labels(times_s: np.ndarray, samples: pa.Table, segments: pa.Table, ties: PastTies) -> dict[str, np.ndarray]:
    """head -> (n, T) int64 for the times (n, T) of the samples' frames."""
    usable = set(samples.column("segment_id").to_pylist())
    by_video: dict[tuple[str, str], list[dict]] = {}
    for segment in segments.to_pylist():
        if segment["segment_id"] in usable:
            by_video.setdefault((segment["split"], segment["video_id"]), []).append(segment)
    labels = {head: np.full(times_s.shape, UNLABELLED, dtype=np.int64) for head in HEADS}
    for row, place in enumerate(zip(samples.column("split").to_pylist(), samples.column("video_id").to_pylist())):
        near = by_video.get(place, [])
        starts, stops = (np.array([segment[name] for segment in near]) for name in ("start_s", "stop_s"))
        for t, time_s in enumerate(times_s[row]):
            at = label_at(time_s, starts, stops, np.arange(len(near)), ties)
            for head, values in labels.items():
                if at != UNLABELLED and near[at][f"{head}_id"] is not None:
                    values[row, t] = near[at][f"{head}_id"]
    return labels


def build(config: Config, sources: Sources) -> Features:
    """The windows of ``sources.samples`` over ``sources.features``; needs ``segments`` where labels of the past are asked for."""
    samples, paths = sources.need("samples", "views.features"), sources.need("features", "views.features")
    dropped = samples.column("dropped_because")
    if dropped.null_count < len(dropped):
        raise DataError("samples that were dropped", "samples", "usable rows only", "filter dropped_because")
    return Features(config, samples, FeatureStore(paths), sources.need("segments", "views.features with past") if config.past else None)
