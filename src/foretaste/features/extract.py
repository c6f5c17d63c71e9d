"""Frames -> backbone -> vectors: each video decoded once, each wanted frame computed once, each finished
video kept.

A video's part is written whole before the next one starts, so that a job that is killed goes on where it
stopped and ends with the same bytes: batches are cut within a video, by a fixed size.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import Issue
from foretaste.features.clips import Clip, stream_clips
from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, read_videos, write_features
from foretaste.pipeline.artifact import whole
from foretaste.video.decode import decoder
from foretaste.video.frame_table import FrameTable, confirmed
from foretaste.video.transforms import Picture, centre, channels_first, covering


class Backbone(Protocol):
    """A network that turns frames, or clips, into vectors or maps."""

    width: int

    def embed(self, frames: Tensor) -> Tensor:
        """Frames (B, 3, H, W), or clips (B, T, 3, H, W), uint8 -> (B, D) or (B, ..., D)."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How frames become vectors.

    clip
        What the network sees at a grid time; None: the one frame that is shown then.
    backbone, weights_sha256
        What the store says of the network: its settings, and the digest of its weights.
    batch
        Frames or clips that it is shown at once; they are those of one video.
    bf16
        Whether it computes in half precision (autocast).
    device
        Where it lies.
    """

    grid_fps: float
    picture: Picture
    backbone: Mapping
    weights_sha256: str
    clip: Clip | None = None
    dtype: str = "float16"
    batch: int = 64
    bf16: bool = False
    device: str = "cpu"

    def origin(self, width: int) -> Origin:
        """As the feature file records it."""
        return Origin(
            grid_fps=self.grid_fps,
            grid_rule=GRID_RULE,
            width=width,
            dtype=self.dtype,
            backbone=json.dumps(self.backbone, sort_keys=True),
            weights_sha256=self.weights_sha256,
            picture=json.dumps(self._picture(), sort_keys=True),
        )

    def _picture(self) -> dict[str, Any]:
        clip = {} if self.clip is None else {"clip": asdict(self.clip)}
        return {**self.picture.model_dump(), **clip}


def extract_video(
    video_id: str,
    video: FrameTable,
    grid_index: np.ndarray,
    backbone: Backbone,
    settings: Settings,
) -> VideoFeatures:
    """The vectors of one video at ``grid_index`` (n,), ascending; rows after the end of the video are zeros
    and not valid.

    ``backbone`` is in evaluation mode. Raises DataError where the video does not decode.
    """
    times_s = grid_index / settings.grid_fps
    valid = times_s < video.end_s
    stamps = np.full(len(grid_index), np.nan)
    clip, at = settings.clip or Clip(), 0
    size = covering(video.shown_size, settings.picture)
    precision = torch.autocast(torch.device(settings.device).type, torch.bfloat16, enabled=settings.bf16)

    def seen(frames: np.ndarray) -> np.ndarray:
        return backbone.embed(_pixels(frames, settings).to(settings.device)).float().cpu().numpy()

    made = []
    with torch.inference_mode(), precision:
        for frames, pts_s in stream_clips(video, clip, times_s[valid], size, settings.batch):
            made.append(seen(frames).astype(settings.dtype))
            stamps[at : at + len(frames)] = pts_s
            at += len(frames)
        if not made:  # no frame in time: black ones tell the shape of a row
            made.append(seen(np.zeros((1, clip.frames, *size, 3), np.uint8))[:0])
    found = np.concatenate(made)
    feat = np.zeros((len(grid_index), *found.shape[1:]), dtype=settings.dtype)
    feat[:at] = found
    return VideoFeatures(
        video_id=video_id,
        feat=feat,
        grid_index=grid_index,
        pts_s=stamps,
        valid=valid,
        source_sha256=video.digest,
        decoder=decoder(),
        rotation=video.orientation.rotation,
    )


def _pixels(clips: np.ndarray, settings: Settings) -> Tensor:
    """(B, T, H', W', 3) -> (B, T, 3, H, W), and without T where single frames are shown."""
    flat = channels_first(centre(clips.reshape(-1, *clips.shape[2:]), settings.picture))
    return flat if settings.clip is None else flat.unflatten(0, clips.shape[:2])


def extract_shard(
    plan: Mapping[str, np.ndarray],
    videos: Mapping[str, FrameTable],
    backbone: Backbone,
    settings: Settings,
    scratch: Path,
    follow: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> tuple[Iterator[VideoFeatures], list[Issue]]:
    """The features of every video of ``plan`` (video_id -> grid indices), and an issue for each that cannot
    be used.

    Finished videos are kept in ``scratch`` and taken from there when the same frames of the same file are
    asked for again; the features come one by one, in the order of the plan. ``follow`` wraps the ids for a
    progress bar. Raises DataError for what is no fault of a video: vectors that are not finite (in
    ``settings.dtype``), a full disk.
    """
    parts: list[Path] = []
    issues: list[Issue] = []
    origin = settings.origin(backbone.width)
    for video_id in follow(plan):
        video = videos[video_id]
        part = scratch / f"{video_id}.h5"
        if not _is_finished(part, origin, plan[video_id], video.digest):
            try:
                features = extract_video(video_id, confirmed(video), plan[video_id], backbone, settings)
            except DataError as error:
                issues.append(Issue(file=video.name, key=video_id, reason=error.args[0]))
                continue
            if not np.isfinite(features.feat).all():
                raise DataError(
                    f"features that are not finite in {settings.dtype}",
                    video.name,
                    "finite vectors",
                    "train the backbone again, or use float32",
                )
            with whole(part) as partial:
                write_features(partial, origin, [features])
        parts.append(part)
    return (video for part in parts for video in read_videos(part)[1]), issues


def _is_finished(part: Path, origin: Origin, grid_index: np.ndarray, source_sha256: str) -> bool:
    if not part.exists():
        return False
    stored, (video,) = read_videos(part)
    return (
        stored == origin
        and video.source_sha256 == source_sha256
        and np.array_equal(video.grid_index, grid_index)
    )
