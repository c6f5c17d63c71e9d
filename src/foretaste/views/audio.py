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
from typing import Annotated

import numpy as np
import pyarrow.compute as pc
import torch
from pydantic import Field, PositiveInt, model_validator

from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import of_modality
from foretaste.contracts.view import AnyLook, Fetched, Sources
from foretaste.video.mel import Mel, picture
from foretaste.video.sound import RATE, heard
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
        return float(min(self.shown.newest_s(row) + self.config.length_s / 2, self.stops_s[row]))

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
    None where it can.
    """
    reasons = shown.unseen(config, RGB, _of_files(sources), "views.audio")
    videos = of_modality(sources.need("videos", "views.audio"), RGB)
    silent = set(videos.filter(pc.is_null(videos["sound_end_s"]))["video_id"].to_pylist())
    for row, video_id in enumerate(sources.samples["video_id"].to_pylist()):
        if reasons[row] is None and video_id in silent:
            reasons[row] = "its video has no sound"
    return reasons


def build(config: Config, sources: Sources) -> Audio:
    """The windows of ``sources.samples`` in the sound of the videos."""
    found = shown.find(config, RGB, _of_files(sources), "views.audio")
    return Audio(config, found, sources.samples[shown.SPANS[config.window][1]].to_numpy())


def _of_files(sources: Sources) -> Sources:
    """A frame store, which another view of the model may read, holds no sound."""
    return replace(sources, frame_stores={})
