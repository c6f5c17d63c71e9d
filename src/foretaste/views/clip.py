"""Frames of the observation window, decoded from the video: what AVT's end-to-end students see (Girdhar &
Grauman 2021, AVT-b).

    inputs    frames (B, T, 3, S, S) uint8, oldest frame first; the last is the one shown at the last
              tick not after the window's stop
    labels    past_action, past_verb, past_noun (B, T) int64, where ``past`` is set: the segment going on at
              each frame

Windows that reach back before the video (or before their own start) repeat their first frame, as AVT does. Of
a frame's times and pictures only this is random, once a clip and in training alone, as a function of (look,
row): the length of the shorter side, a horizontal flip, the place of the crop. Scoring shows the
centre at one size; AVT's own test averages six views of it (three crops, each flipped), which gives a little
more and costs six times as much: it is not done here. Pictures are resized by the decoder (bilinear,
averaging what it shrinks).

A clip is decoded when it is asked for, straight to its size: nothing is cached, and no reader outlives a
call. Videos are looked at once, at building: each file must be the one that was probed, and must reach to the
end of every window.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import torch
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor

from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Fetched, Look, Sources
from foretaste.pipeline.artifact import sha256
from foretaste.pipeline.console import track
from foretaste.pipeline.options import Options
from foretaste.video.decode import Decoder, choose, frames_at
from foretaste.video.packets import Packets, scan, unreadable
from foretaste.video.probe import inside
from foretaste.video.transforms import Picture, centre, channels_first, covering
from foretaste.video.windows import PUBLISHED_CLOCK_FPS, PastTies, grid_index, shown_at, window_indices
from foretaste.views.observed import past_labels, usable, without_a_frame

#: What it is made from: what a step with this view reads.
SHOWS = "pixels"


class Config(Options):
    frames: PositiveInt = 10
    """T."""
    rate: PositiveFloat = 1.0
    """Frames a second; it divides `ticks`."""
    ticks: PositiveFloat = float(PUBLISHED_CLOCK_FPS)
    """Windows end at a multiple of 1 / ticks seconds (AVT's clock counts at 30)."""
    size: PositiveInt = 224
    """S, height and width of what the network sees."""
    scoring_side: PositiveInt = 248
    """Length that the shorter side of a picture is resized to before its centre is cut out; in pixels."""
    training_sides: tuple[PositiveInt, PositiveInt] = (248, 280)
    """In training: shortest and longest such length (both included); the crop then lies anywhere."""
    flip: float = Field(0.5, ge=0, le=1)
    """Probability of a horizontal flip in training."""
    past: bool = False
    """Whether the labels of the past are given too (AVT's past-action loss)."""
    past_ties: PastTies = "midpoint"
    """Of several segments going on: the one whose midpoint is nearest; `half_duration` is AVT's published
    slip, which takes half the duration for the midpoint.
    """
    decoder: Decoder = "decord"
    """decord gives way to PyAV for files that it is known to misread."""

    @model_validator(mode="after")
    def _crops_fit(self) -> Config:
        if (
            not self.size <= self.scoring_side
            or not self.size <= self.training_sides[0] <= self.training_sides[1]
        ):
            raise ValueError("sides are at least the size, and training_sides is (shortest, longest)")
        return self


class Change(NamedTuple):
    """What is done to a clip: its shorter side, whether it is flipped, and where the crop lies (shares of the
    room; None: centre).
    """

    side: int
    flip: bool = False
    place: tuple[float, float] | None = None


class Clip:
    """One window a sample: n samples, T times each. ``videos`` holds what the packets of every video say, by
    id.
    """

    def __init__(
        self,
        config: Config,
        samples: pa.Table,
        videos: Mapping[str, Packets],
        digests: Mapping[str, str],
        segments: pa.Table | None,
    ):
        self.config, self.videos, self.digests = config, videos, digests
        self.of = samples.column("video_id").to_pylist()
        starts, stops = (samples.column(name).to_pylist() for name in ("window_start_s", "window_stop_s"))
        windows = [
            window_indices(a, b, frames=config.frames, rate=config.rate, grid_fps=config.ticks)
            for a, b in zip(starts, stops)
        ]
        self.times_s = (
            np.stack(windows) if windows else np.empty((0, config.frames), np.int64)
        ) / config.ticks
        late = [
            row for row, video_id in enumerate(self.of) if self.times_s[row, -1] >= videos[video_id].end_s
        ]
        if late:
            video = videos[self.of[late[0]]]
            raise DataError(
                f"{len(late)} windows reach past the end of their video; the first to"
                f" {self.times_s[late[0], -1]:.3f} s",
                video.path,
                f"windows that end before {video.end_s:.3f} s",
                "compare the annotations with the video, or drop these samples",
            )
        self.past = (
            None if segments is None else past_labels(self.times_s, samples, segments, config.past_ties)
        )

    def __len__(self) -> int:
        return len(self.of)

    def fetch(self, rows: Sequence[int], look: Look | None = None) -> Fetched:
        """The clips of ``rows``; each is changed by (look, row), and its centre is shown
        otherwise.
        """
        rows = list(rows)
        changes = [
            (
                self._drawn(np.random.default_rng((look.seed, look.epoch, row)))
                if look is not None
                else Change(self.config.scoring_side)
            )
            for row in rows
        ]
        together: dict[tuple[str, int], list[int]] = {}
        for position, (row, change) in enumerate(zip(rows, changes)):
            together.setdefault((self.of[row], change.side), []).append(position)
        size = self.config.size
        frames = torch.empty(len(rows), self.config.frames, 3, size, size, dtype=torch.uint8)
        for (video_id, side), positions in together.items():
            for position, clip in zip(
                positions, self._decoded(video_id, side, [rows[position] for position in positions])
            ):
                frames[position] = self._seen(clip, changes[position])
        labels = (
            {}
            if self.past is None
            else {f"past_{head}": torch.from_numpy(values[rows]) for head, values in self.past.items()}
        )
        return Fetched(inputs={"frames": frames}, labels=labels)

    def digest(self, row: int) -> bytes:
        """Of which frames are shown when the row is scored, and how: the file's sha256, the frames' time
        stamps, the decoder, and the size of the picture before and after the centre is cut out. Not of the
        pixels, which would have to be decoded again.
        """
        video = self.videos[self.of[row]]
        shown = {
            "source": self.digests[self.of[row]],
            "decoder": choose(video, self.config.decoder).decoder,
            "pts_s": self._pts_s(row).tolist(),
            "side": self.config.scoring_side,
            "size": self.config.size,
        }
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the last frame that is shown."""
        return float(self._pts_s(row).max())

    def weights(self) -> None:
        """All clips are alike."""

    def _pts_s(self, row: int) -> np.ndarray:
        """(T,) time stamps of the frames: the decoder returns these, or fails."""
        pts_s = self.videos[self.of[row]].pts_s
        return pts_s[shown_at(pts_s, self.times_s[row])]

    def _drawn(self, random: np.random.Generator) -> Change:
        shortest, longest = self.config.training_sides
        side = int(random.integers(shortest, longest, endpoint=True))
        return Change(
            side=side, flip=bool(random.random() < self.config.flip), place=(random.random(), random.random())
        )

    def _decoded(self, video_id: str, side: int, rows: Sequence[int]) -> np.ndarray:
        """(len(rows), T, H, W, 3) uint8, the shorter of H and W being ``side``."""
        video, size = self.videos[video_id], self.config.size
        resized = covering(video.shown_size, Picture(height=size, width=size, margin=side / size))
        frames, _ = frames_at(video, self.times_s[rows].ravel(), resized, self.config.decoder)
        return frames.reshape(len(rows), self.config.frames, *frames.shape[1:])

    def _seen(self, clip: np.ndarray, change: Change) -> Tensor:
        """(T, H, W, 3) uint8 -> (T, 3, S, S) uint8."""
        size = self.config.size
        if change.place is None:
            clip = centre(clip, Picture(height=size, width=size))
        else:
            top, left = (
                int(share * (length - size + 1)) for share, length in zip(change.place, clip.shape[1:3])
            )
            clip = clip[:, top : top + size, left : left + size]
        return channels_first(clip[:, :, ::-1] if change.flip else clip)


def unseen(config: Config, sources: Sources) -> np.ndarray:
    """(n,) object: why this view cannot show the window of a sample of ``sources.samples``; None where it
    can.
    """
    samples, videos = sources.need("samples", "views.clip"), sources.need("videos", "views.clip")
    reasons = without_a_frame(samples, videos)
    ends_s = dict(zip(videos.column("video_id").to_pylist(), videos.column("duration_s").to_pylist()))
    of, stops = (samples.column(name).to_pylist() for name in ("video_id", "window_stop_s"))
    for row in np.flatnonzero(reasons == None):  # noqa: E711 (element by element)
        if grid_index(stops[row], config.ticks) / config.ticks >= ends_s[of[row]]:
            reasons[row] = "window stops after the end of the video"
    return reasons


def _probed(
    folder: Path, rows: Sequence[Mapping], wanted: Sequence[str]
) -> tuple[dict[str, Packets], dict[str, str]]:
    """video_id -> what its packets say, and its sha256; raises DataError unless each file is there and is the
    one that was probed.
    """
    known = {row["video_id"]: row for row in rows}
    videos, digests = {}, {}
    for video_id in track(wanted, "looking at videos", total=len(wanted)):
        if video_id not in known:
            raise DataError(
                f"no video {video_id!r}",
                "videos",
                "a probed video for every sample",
                "see issues.parquet; drop its samples",
            )
        path = inside(folder, known[video_id]["path"])
        if not path.is_file() or sha256(path) != known[video_id]["sha256"]:
            raise unreadable(path, "missing, or no longer the file that was probed")
        videos[video_id], digests[video_id] = scan(path), known[video_id]["sha256"]
    return videos, digests


def build(config: Config, sources: Sources) -> Clip:
    """The windows of ``sources.samples`` in the ``videos`` of ``video_folder``; ``past`` needs
    ``segments``.
    """
    samples, table = usable(sources.need("samples", "views.clip")), sources.need("videos", "views.clip")
    folder = sources.need("video_folder", "views.clip")
    videos, digests = _probed(folder, table.to_pylist(), sorted(set(samples.column("video_id").to_pylist())))
    return Clip(
        config,
        samples,
        videos,
        digests,
        sources.need("segments", "views.clip with past") if config.past else None,
    )
