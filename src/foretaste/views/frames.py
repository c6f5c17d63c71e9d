"""Single frames with the action that is going on: what a backbone is trained on, as a recogniser.

This view makes its own rows: one for every time k / rate that lies inside a labelled segment of
``sources.segments`` (hand in the segments of one split). Beside the protocol it therefore has

    ids       tuple of n strings, "<video_id>@<k>"
    labels    head -> (n,) int64; ``UNLABELLED`` where the segment has none for that head

and its ``fetch`` gives the same labels. Inputs: ``frames`` (B, 3, H, W) uint8.

All frames are decoded once, at building, and kept as bytes: sized for sets that fit in memory (5,000 frames
of 96 x 128 take 180 MB), with a limit that says so instead of swapping.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import torch
from pydantic import PositiveFloat

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import heads_of
from foretaste.contracts.view import AnyLook, Fetched, Look, Sources
from foretaste.pipeline.console import track
from foretaste.settings.options import Options
from foretaste.video.decode import stream_frames
from foretaste.video.frame_table import FrameTable, confirmed, frame_tables
from foretaste.video.transforms import Augment, Picture, augmented, centre, channels_first, covering
from foretaste.video.windows import grid_index
from foretaste.views.observed import label_at

#: What it is made from: what a step with this view reads.
SHOWS = "pixels"


class Config(Options):
    rate: PositiveFloat = 2.0
    """Frames a second that are taken of the labelled parts."""
    picture: Picture = Picture()
    """What the network sees of a frame; feature extraction uses the same."""
    augment: Augment = Augment()
    """Random changes, in training only."""
    memory_gb: PositiveFloat = 4.0
    """Most that the decoded frames may take."""


class Frames:
    """n labelled frames in memory: ``pixels`` (n, H, W, 3) uint8."""

    workers = 0

    def __init__(
        self,
        config: Config,
        rows: list[tuple[str, int]],
        pixels: np.ndarray,
        pts_s: np.ndarray,
        labels: dict[str, np.ndarray],
    ):
        self.config = config
        self.pixels = pixels
        self.pts_s = pts_s
        self.ids = tuple(f"{video_id}@{k}" for video_id, k in rows)
        self.labels = labels

    def __len__(self) -> int:
        return len(self.ids)

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """The frames of ``rows``; each is changed by (look, row), and as decoded
        otherwise.
        """
        rows = list(rows)
        frames = self.pixels[rows]
        if isinstance(look, Look):
            frames = augmented(frames, self.config.augment, [(look.seed, look.epoch, row) for row in rows])
        return Fetched(
            inputs={"frames": channels_first(frames)},
            labels={head: torch.from_numpy(values[rows]) for head, values in self.labels.items()},
        )

    def digest(self, row: int) -> bytes:
        """Of the frame's bytes."""
        return hashlib.sha256(self.pixels[row].tobytes()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the frame."""
        return float(self.pts_s[row])

    def weights(self) -> None:
        """All frames are alike."""


def labelled_times(
    segments: pa.Table, ends_s: dict[str, float], rate: float
) -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
    """video_id -> (k, labels): the times k / rate (n,) inside its labelled segments and before its end, and
    head -> (n,) labels there. Of overlapping segments the one whose midpoint is nearest counts.
    """
    by_video: dict[str, list[dict]] = {}
    heads = heads_of(segments)
    for segment in segments.to_pylist():
        if any(segment[f"{head}_id"] is not None for head in heads):
            by_video.setdefault(segment["video_id"], []).append(segment)
    found = {}
    for video_id in sorted(by_video):
        near = by_video[video_id]
        if video_id not in ends_s:
            raise DataError(
                f"no video {video_id!r}",
                "videos",
                "a probed video for every segment",
                "see issues.parquet; leave out its segments",
            )
        starts = np.array([segment["start_s"] for segment in near])
        # A segment without a stop goes on to the end of its video.
        ends = [ends_s[video_id] if segment["stop_s"] is None else segment["stop_s"] for segment in near]
        stops = np.array(ends)
        steps, labels = [], {head: [] for head in heads}
        for k in range(grid_index(min(stops.max(), ends_s[video_id]), rate) + 1):
            at = label_at(k / rate, starts, stops, np.arange(len(near)), "midpoint")
            if at == UNLABELLED or k / rate >= ends_s[video_id]:
                continue
            steps.append(k)
            for head in heads:
                label = near[at][f"{head}_id"]
                labels[head].append(UNLABELLED if label is None else label)
        found[video_id] = (
            np.array(steps, np.int64),
            {head: np.array(values, np.int64) for head, values in labels.items()},
        )
    return found


def _decode(
    config: Config, videos: Mapping[str, FrameTable], times_s: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    picture = config.picture
    count = sum(len(times) for times in times_s.values())
    needed = count * picture.height * picture.width * 3 / 1e9
    if needed > config.memory_gb:
        raise ConfigError(
            f"{count} frames take {needed:.1f} GB",
            "view: memory_gb",
            f"at most {config.memory_gb:g} GB",
            "lower rate or picture, or raise it",
        )
    pixels, pts_s = np.empty((count, picture.height, picture.width, 3), np.uint8), np.empty(count)
    at = 0
    for video_id, times in track(times_s.items(), "decoding frames", total=len(times_s)):
        video = confirmed(videos[video_id])
        for frames, stamps in stream_frames(video, times, covering(video.shown_size, picture)):
            pixels[at : at + len(frames)], pts_s[at : at + len(frames)] = centre(frames, picture), stamps
            at += len(frames)
    return pixels, pts_s


def build(config: Config, sources: Sources) -> Frames:
    """Every labelled frame of ``sources.segments`` at ``rate``, decoded from the RGB videos of
    ``sources``.
    """
    segments = sources.need("segments", "views.frames")
    table, folder = sources.videos_of(RGB, "views.frames")
    videos = frame_tables(table, folder)
    ends_s = {video_id: video.end_s for video_id, video in videos.items()}
    found = labelled_times(segments, ends_s, config.rate)
    if not any(len(steps) for steps, _ in found.values()):
        raise DataError(
            "no labelled frame", "segments", "segments with labels", "check the split and the rate"
        )
    times_s = {video_id: steps / config.rate for video_id, (steps, _) in found.items()}
    pixels, pts_s = _decode(config, videos, times_s)
    rows = [(video_id, int(k)) for video_id, (steps, _) in found.items() for k in steps]
    labels = {
        head: np.concatenate([labels[head] for _, labels in found.values()]) for head in heads_of(segments)
    }
    return Frames(config, rows, pixels, pts_s, labels)
