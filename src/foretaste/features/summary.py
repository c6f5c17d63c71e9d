"""What a feature store holds, video by video: for a person, or as JSON for a program. Reads no vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.file_checks import read_attributes, reading
from foretaste.features.shard import Origin, opened
from foretaste.features.store import FeatureStore

#: Gaps of a video that a line tells; ``as_json`` has all.
TOLD = 5


@dataclass(frozen=True, kw_only=True)
class VideoSummary:
    """One video of a store.

    rows, valid
        How many rows it has, and how many of them show something.
    first, last
        Grid indices of the first and the last row; None where there is none.
    gaps
        (first, last) grid indices, in between, at which nothing is to be seen (``gaps``).
    """

    file: str
    rows: int
    valid: int
    first: int | None
    last: int | None
    gaps: list[tuple[int, int]]
    source_sha256: str
    decoder: str
    rotation: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A store: what its shards share, the shape of a row, and its videos by id."""

    origin: Origin
    shape: tuple[int, ...]
    videos: dict[str, VideoSummary]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def shards_of(path: Path) -> list[Path]:
    """The feature files that ``path`` names: itself, or all of a folder in order of their names."""
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.h5"))
    if not found:
        inside = sorted(one.name for one in path.iterdir())
        holds = ", ".join(inside[:5]) if inside else "nothing"
        raise DataError(
            f"no feature files, but {holds}", path, "*.h5", "name a folder of feature files, or one"
        )
    return found


def summarise(paths: Sequence[Path]) -> Summary:
    """What the shards hold; raises as ``FeatureStore`` does."""
    store = FeatureStore(paths)
    videos = {}
    for path in paths:
        with opened(path) as file:
            for name in file["videos"]:
                with reading(path, name):
                    videos[name] = _of_video(file["videos"][name], path, store.origin.look_back)
    return Summary(
        origin=store.origin, shape=store.shape, videos={name: videos[name] for name in sorted(videos)}
    )


def _of_video(group: h5py.Group, path: Path, look_back: int) -> VideoSummary:
    grid_index, valid = group["grid_index"][()], group["valid"][()]
    said, some = read_attributes(group), len(grid_index) > 0
    return VideoSummary(
        file=path.name,
        rows=len(grid_index),
        valid=int(valid.sum()),
        first=int(grid_index[0]) if some else None,
        last=int(grid_index[-1]) if some else None,
        gaps=gaps(grid_index[valid], look_back),
        source_sha256=str(said["source_sha256"]),
        decoder=str(said["decoder"]),
        rotation=int(said["rotation"]),
    )


def gaps(grid_index: np.ndarray, look_back: int) -> list[tuple[int, int]]:
    """(first, last) of every run of grid indices between the first and the last of ``grid_index`` (n,)
    int, ascending, that no row serves: the newest before it lies more than ``look_back`` steps back.
    """
    steps = grid_index.astype(np.int64)
    wide = np.flatnonzero(np.diff(steps) > look_back + 1)
    return [(int(steps[at]) + look_back + 1, int(steps[at + 1]) - 1) for at in wide]


def lines(summary: Summary) -> Iterator[str]:
    """The summary in words: what all share, then a line a video."""
    rows = sum(video.rows for video in summary.videos.values())
    shape = " x ".join(map(str, summary.shape))
    yield f"{len(summary.videos)} videos, {rows} rows of {shape}, {summary.origin.dtype}"
    for name, value in asdict(summary.origin).items():
        if name not in ("width", "dtype"):
            yield f"{name}  {value}"
    for name, video in summary.videos.items():
        yield f"{name}  {', '.join(_words(video, summary.origin.grid_fps))}"


def _words(video: VideoSummary, fps: float) -> Iterator[str]:
    if not video.rows:
        yield "0 rows"
        return
    yield f"{video.rows} rows from {video.first / fps:.3f} s to {video.last / fps:.3f} s"
    if video.valid < video.rows:
        yield f"{video.rows - video.valid} of them not valid"
    if video.gaps:
        told = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in video.gaps[:TOLD])
        more = f" and {len(video.gaps) - TOLD} more" if len(video.gaps) > TOLD else ""
        yield f"nothing at grid indices {told}{more}"
