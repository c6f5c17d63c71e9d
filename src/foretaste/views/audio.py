"""The sound of a sample's window, as pictures: for each frame that the view ``clip`` would show, the sound
around it as a log-mel spectrogram (Radevski et al. 2023; Sun et al. 2024, Table 5).

    inputs    frames (B, T, 3, S, S) uint8: three equal channels, so that networks of RGB read them; 0.55 dB a
              step (``video/mel.py``)

The frames are those that ``clip`` shows of the RGB videos with the same ``frames``, ``rate``, ``ticks``,
``sampler`` and ``window``; which ones is all that training draws. What is heard after the window's stop is
replaced by silence, where the published code lets the last picture reach half a length further. (A lossy
codec has itself spread every moment over its frame: some hundredths of a second.)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import torch
from pydantic import Field, PositiveInt, model_validator

from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import of_modality
from foretaste.contracts.view import AnyLook, Fetched, Sources
from foretaste.pipeline.console import track
from foretaste.video.frame_table import frame_tables
from foretaste.video.mel import Mel, picture
from foretaste.video.sound import RATE, SPARED_S, heard, losses
from foretaste.views import shown

#: What it is made from: the video files, which hold the sound.
SHOWS = "pixels"

#: Seconds of sound that a picture holds at most.
LONGEST_S = 60.0


class Config(shown.Sampling):
    length_s: Annotated[float, Field(gt=0, le=LONGEST_S)] = 1.116
    """Seconds of sound around each frame."""
    mel: Mel = Mel()
    """How sound becomes a picture."""
    size: PositiveInt = 224
    """Rows and columns of a picture."""

    @model_validator(mode="after")
    def _sampled_one_way(self) -> Config:
        self.check(self.model_fields_set)
        if self.length_s * RATE <= self.mel.points / 2:
            raise ValueError(f"length_s of more than {self.mel.points / 2 / RATE:g}, half of mel.points")
        return self


class Audio:
    """One window a sample; ``stops_s`` (n,): when each ends."""

    workers = 0

    def __init__(self, config: Config, found: shown.Shown, stops_s: np.ndarray):
        self.config, self.shown, self.stops_s = config, found, stops_s

    def __len__(self) -> int:
        return len(self.shown.of)

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """The sound of ``rows``."""
        pieces = [torch.from_numpy(self._samples(row, look)) for row in rows]
        pictures = [picture(piece, self.config.mel, RATE, self.config.size) for piece in pieces]
        return Fetched(inputs={"frames": torch.stack(pictures)[:, :, None].expand(-1, -1, 3, -1, -1)})

    def digest(self, row: int) -> bytes:
        """Of which sound is heard when the row is scored: the file's digest and the decoder, the times, the
        settings.
        """
        said = {
            **self.shown.source(row),
            "times_s": self.shown.pts_s(row).tolist(),
            "stop_s": float(self.stops_s[row]),
            "length_s": self.config.length_s,
            "mel": self.config.mel.model_dump(),
            "size": self.config.size,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """When the last sound is heard that is shown."""
        return self.heard_s(row)[1]

    def heard_s(self, row: int) -> tuple[float, float]:
        """From when to when something is heard under some look."""
        frames_s, half_s = self.shown.videos[self.shown.of[row]].pts_s, self.config.length_s / 2
        first, last = self.shown.whole(row)[[0, -1]]
        return float(frames_s[first] - half_s), float(min(frames_s[last] + half_s, self.stops_s[row]))

    def weights(self) -> None:
        """All are alike."""

    def _samples(self, row: int, look: AnyLook) -> np.ndarray:
        """(T, length) float32."""
        video, stop_s = self.shown.videos[self.shown.of[row]], float(self.stops_s[row])
        times_s = video.pts_s[self.shown.frames(row, look)]
        count = round(self.config.length_s * RATE)
        firsts_s = times_s - self.config.length_s / 2
        # One reading of the file serves all frames of the window.
        begin_s = float(firsts_s.min())
        whole = heard(video, begin_s, min(float(firsts_s.max()) + self.config.length_s, stop_s))
        padded = np.concatenate((whole, np.zeros(count + 1, np.float32)))
        places = np.rint((firsts_s - begin_s) * RATE).astype(np.int64)
        return np.stack([padded[place : place + count] for place in places.clip(max=len(whole))])


def unseen(config: Config, sources: Sources) -> np.ndarray:
    """(n,) object: why this view cannot give the sound of the window of a sample of ``sources.samples``;
    None where it can. Where ``sources`` name the folder of the videos, the tracks are decoded: what is lost
    of one is a reason where it may be heard.
    """
    reasons = shown.unseen(config, RGB, _of_files(sources), "views.audio")
    folders = sources.video_folders or {}
    table = of_modality(sources.need("videos", "views.audio"), RGB)
    videos = frame_tables(table, folders.get(RGB, Path()))
    left = np.flatnonzero(np.equal(reasons, None))
    found = shown.laid_out(config, sources.samples.take(pa.array(left)), videos, {})
    view = Audio(config, found, _stops_s(config, sources.samples)[left])
    for at, row in enumerate(left):
        reasons[row] = _silent(view, at)
    if folders:
        _name_losses(reasons, left, view)
    return reasons


def _silent(view: Audio, row: int) -> str | None:
    """Why nothing is heard of a row, or of its end."""
    end_s = view.shown.videos[view.shown.of[row]].sound_end_s
    if end_s is None:
        return "its video has no sound"
    first_s, last_s = view.heard_s(row)
    if end_s >= last_s - SPARED_S:
        return None
    where = "before" if end_s <= first_s else "in the middle of"
    return f"the sound of its video ends at {end_s:.2f} s, {where} what is heard of the window"


def _name_losses(reasons: np.ndarray, left: np.ndarray, view: Audio) -> None:
    """Add to ``reasons`` what is lost of the sound of the rows of ``view``, which are those ``left``."""
    rows_of: dict[str, list[int]] = {}
    for at in np.flatnonzero(np.equal(reasons[left], None)):
        rows_of.setdefault(view.shown.of[at], []).append(at)
    for video_id, rows in track(rows_of.items(), "hearing videos", total=len(rows_of)):
        lost = losses(view.shown.videos[video_id])
        for at in rows if lost else ():
            span_s = view.heard_s(at)
            reasons[left[at]] = next((loss.why for loss in lost if loss.meets(*span_s)), None)


def build(config: Config, sources: Sources) -> Audio:
    """The windows of ``sources.samples`` in the sound of the videos."""
    found = shown.find(config, RGB, _of_files(sources), "views.audio")
    return Audio(config, found, _stops_s(config, sources.samples))


def _stops_s(config: Config, samples: pa.Table) -> np.ndarray:
    """(n,) float64: when each window stops."""
    return samples[shown.SPANS[config.window][1]].to_numpy()


def _of_files(sources: Sources) -> Sources:
    """A frame store, which another view of the model may read, holds no sound."""
    return replace(sources, frame_stores={})
