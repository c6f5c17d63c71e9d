"""What a frame store holds, video by video: for a person, or as JSON for a program. Decodes no picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py

from foretaste.features.file_checks import reading
from foretaste.features.frame_shard import Origin, StoredFrames
from foretaste.features.frame_store import FrameStore


@dataclass(frozen=True, kw_only=True)
class VideoSummary:
    """One video of a store.

    frames, size
        How many frames there are, and the bytes of their JPEGs.
    first_s, last_s
        When the first and the last of them are shown; None where there is none.
    """

    file: str
    frames: int
    size: int
    first_s: float | None
    last_s: float | None
    height: int
    width: int
    source_sha256: str
    decoder: str


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A store: what its shards share, and its videos by id."""

    origin: Origin
    videos: dict[str, VideoSummary]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def holds_frames(path: Path) -> bool:
    """Whether a file says that it is of stored frames; DataError where it is no HDF5 file."""
    with reading(path), h5py.File(path, "r") as file:
        return "side" in file.attrs


def summarise(paths: Sequence[Path]) -> Summary:
    """What the shards hold; raises as ``FrameStore`` does."""
    origin, videos = FrameStore(paths).origin, {}
    for path in paths:
        shard = FrameStore([path])
        videos |= {name: _of_video(shard.said_of(name), path) for name in shard.videos}
    return Summary(origin=origin, videos={name: videos[name] for name in sorted(videos)})


def _of_video(said: StoredFrames, path: Path) -> VideoSummary:
    some = len(said.frame) > 0
    return VideoSummary(
        file=path.name,
        frames=len(said.frame),
        size=int(said.offsets[-1]),
        first_s=float(said.pts_s[0]) if some else None,
        last_s=float(said.pts_s[-1]) if some else None,
        height=said.height,
        width=said.width,
        source_sha256=said.source_sha256,
        decoder=said.decoder,
    )


def lines(summary: Summary) -> Iterator[str]:
    """The summary in words: what all share, then a line a video."""
    frames = sum(video.frames for video in summary.videos.values())
    size = sum(video.size for video in summary.videos.values())
    yield f"{len(summary.videos)} videos, {frames} frames, {size / 1e6:.1f} MB of JPEG"
    for name, value in asdict(summary.origin).items():
        yield f"{name}  {value}"
    for name, video in summary.videos.items():
        shown = f" from {video.first_s:.3f} s to {video.last_s:.3f} s" if video.frames else ""
        yield f"{name}  {video.frames} frames{shown}, {video.height} x {video.width}"
