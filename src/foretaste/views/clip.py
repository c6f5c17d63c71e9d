"""Frames of a sample's window, stored or decoded from the video: what students that are trained end to end
see (Girdhar & Grauman 2021, AVT-b).

    inputs    frames (B, T, 3, S, S) uint8, oldest frame first; the last is the one shown at the last tick not
              after the window's stop; of flow (B, T, 2, S, S): u and v, 128 for no motion
    labels    past_action, past_verb, past_noun (B, T) int64, where ``past`` is set: the segment going on at
              each frame

Of a frame's times and pictures only the geometry is random, once a clip and in training alone, as a function
of (look, row). Scoring shows the centre at one size, or what ``test_views`` of a model ask for. Pictures are
resized by the decoder (bilinear, averaging what it shrinks), stored ones once more by OpenCV (bilinear).

A clip is read when it is asked for. Without a store it is decoded straight to its size: nothing is cached,
and no reader outlives a call. Videos are looked at once, at building: each file must be the one that was
probed, or stored, and must reach to the end of every window.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import model_validator

from foretaste.contracts.modalities import RGB, Modality
from foretaste.contracts.view import AnyLook, Fetched, Sources
from foretaste.video.geometry import Change, Geometry, changed, changed_flow, draw, resized
from foretaste.video.transforms import channels_first
from foretaste.views import shown
from foretaste.views.observed import PastTies, past_labels

#: What it is made from: what a step with this view reads.
SHOWS = "pixels"


class Config(shown.Sampling):
    modality: Modality = RGB
    """Which of the dataset's videos are shown."""
    geometry: Geometry = Geometry()
    """How pictures are resized, cut and mirrored; views that share it show the same part under one look."""
    past: bool = False
    """Whether the labels of the past are given too (AVT's past-action loss)."""
    past_ties: PastTies = "midpoint"
    """Of several segments going on: the one whose midpoint is nearest; `half_duration` is AVT's published
    slip, which takes half the duration for the midpoint.
    """

    @model_validator(mode="after")
    def _sampled_one_way(self) -> Config:
        self.check(self.model_fields_set, self.past)
        return self


class Clip:
    """One window a sample."""

    workers = 0

    def __init__(self, config: Config, found: shown.Shown, past: dict[str, np.ndarray]):
        self.config, self.shown = config, found
        self.past = past
        self.channels = 3 if config.modality == RGB else 2

    def __len__(self) -> int:
        return len(self.shown.of)

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """The clips of ``rows``; each is changed by (look, row), and its centre is shown otherwise."""
        rows = list(rows)
        changes = [draw(self.config.geometry, look, row) for row in rows]
        # What is shown in one size of one video is decoded in one pass.
        together: dict[tuple[str, int], list[int]] = {}
        for position, (row, change) in enumerate(zip(rows, changes)):
            together.setdefault((self.shown.of[row], change.side), []).append(position)
        shape = (self.config.frames, self.channels, self.config.geometry.size, self.config.geometry.size)
        frames = torch.empty(len(rows), *shape, dtype=torch.uint8)
        for (video_id, side), positions in together.items():
            clips = self._pictures(video_id, side, [rows[position] for position in positions], look)
            for position, clip in zip(positions, clips):
                frames[position] = channels_first(self._changed(clip, changes[position]))
        labels = {f"past_{head}": torch.from_numpy(values[rows]) for head, values in self.past.items()}
        return Fetched(inputs={"frames": frames}, labels=labels)

    def digest(self, row: int) -> bytes:
        """Of which frames are shown when the row is scored, and how: the file's digest and the decoder, or
        the bytes of the stored frames; their time stamps, and the size of the picture before and after the
        centre is cut out. Not of the pixels, which would have to be decoded again.
        """
        geometry = self.config.geometry
        said = {
            "modality": self.config.modality,
            **self.shown.source(row),
            "pts_s": self.shown.pts_s(row).tolist(),
            "side": geometry.scoring_side,
            "size": geometry.size,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the last frame that is shown: the decoder or the store returns it, or fails."""
        return self.shown.newest_s(row)

    def weights(self) -> None:
        """All clips are alike."""

    def _pictures(self, video_id: str, side: int, rows: Sequence[int], look: AnyLook) -> np.ndarray:
        """(len(rows), T, H, W, 3 or 2) uint8, the shorter of H and W being ``side``."""
        size = resized(self.config.geometry, self.shown.videos[video_id].shown_size, side)
        return self.shown.pictures(rows, size, look)

    def _changed(self, clip: np.ndarray, change: Change) -> np.ndarray:
        change_them = changed if self.config.modality == RGB else changed_flow
        return change_them(self.config.geometry, change, clip)


def unseen(config: Config, sources: Sources) -> np.ndarray:
    """(n,) object: why this view cannot show the window of a sample of ``sources.samples``; None where it
    can.
    """
    return shown.unseen(config, config.modality, sources, "views.clip")


def build(config: Config, sources: Sources) -> Clip:
    """The windows of ``sources.samples`` in the videos of the modality; ``past`` needs
    ``segments``.
    """
    found = shown.find(config, config.modality, sources, "views.clip")
    if not config.past:
        return Clip(config, found, {})
    segments = sources.need("segments", "views.clip with past")
    return Clip(config, found, past_labels(found.times_s, sources.samples, segments, config.past_ties))
