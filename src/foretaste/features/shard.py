"""A shard of the feature store: backbone vectors of videos on a fixed grid of times, in HDF5.

One file a shard, one writer a file. A file holds

    /                    attributes: what all its videos share (``Origin``), and ``format``
    /videos/<id>/feat         (n, D) float16 or float32, contiguous: one vector a grid time
    /videos/<id>/grid_index   (n,) int32, ascending: the grid time is grid_index / grid_fps seconds
    /videos/<id>/pts_s        (n,) float64: time stamp of the frame that was shown then, never later than the
                              grid time
    /videos/<id>/valid        (n,) bool: false where the video shows nothing at that time (it has ended)
    /videos/<id>              attributes: source_sha256, decoder, rotation

Plain contiguous datasets, no compression, so that ``store`` may read them through a memory map. Nothing in a
file depends on when or where it was written.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import h5py
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.file_checks import check_arrays, check_attributes, reading, shown

FORMAT = 1

#: How a grid time is matched with a frame.
GRID_RULE = "the last frame shown at or before grid_index / grid_fps"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the vectors of a file come from; the same in every shard of a store.

    backbone
        Canonical JSON of the network's settings.
    weights_sha256
        Digest of its weights.
    picture
        Canonical JSON of the picture it saw.
    """

    grid_fps: float
    grid_rule: str
    width: int
    dtype: str
    backbone: str
    weights_sha256: str
    picture: str


@dataclass(frozen=True, kw_only=True)
class VideoFeatures:
    """One video: ``feat`` (n, D), ``grid_index`` (n,), ``pts_s`` (n,), ``valid`` (n,), and where they come
    from.
    """

    video_id: str
    feat: np.ndarray
    grid_index: np.ndarray
    pts_s: np.ndarray
    valid: np.ndarray
    source_sha256: str
    decoder: str
    rotation: int


#: The datasets of a video and their types; of ``feat`` it is the shard's.
ARRAYS = {"feat": None, "grid_index": np.int32, "pts_s": np.float64, "valid": np.bool_}
_TEXTS = ("source_sha256", "decoder", "rotation")


def write_features(path: Path, origin: Origin, videos: Iterable[VideoFeatures]) -> None:
    """Write a feature file (not atomic: callers write inside ``artifact.whole``).

    The file is made in memory first: a full disk is then a plain OSError, where HDF5 writing to it leaves
    h5py with objects that it can no longer close. Cut large data sets into more shards.
    """
    image = io.BytesIO()
    with h5py.File(image, "w", libver=("v108", "v108")) as file:
        file.attrs["format"] = FORMAT
        for name, value in asdict(origin).items():
            file.attrs[name] = value
        file.create_group("videos")
        for video in videos:
            _write_video(file, origin, video)
    path.write_bytes(image.getbuffer())


def _write_video(file: h5py.File, origin: Origin, video: VideoFeatures) -> None:
    if "/" in video.video_id or not video.video_id.strip("."):
        raise DataError(
            f"video id {video.video_id!r}", "videos", "a name without a slash", "rename the video"
        )
    n = len(video.grid_index)
    if video.feat.shape != (n, origin.width) or (np.diff(video.grid_index) <= 0).any():
        raise ValueError(
            f"{video.video_id}: feat {video.feat.shape} for {n} ascending grid indices of width"
            f" {origin.width}"
        )
    group = file.create_group(f"videos/{video.video_id}")
    for name, dtype in ARRAYS.items():
        group.create_dataset(
            name,
            data=np.ascontiguousarray(getattr(video, name), dtype=dtype or origin.dtype),
            track_times=False,
        )
    for name in _TEXTS:
        group.attrs[name] = getattr(video, name)


def read_videos(path: Path) -> tuple[Origin, list[VideoFeatures]]:
    """Everything in a feature file, in memory."""
    with opened(path) as file:
        origin = read_origin(file, path)
        return origin, [_read_video(file, name, origin, path) for name in file["videos"]]


def _read_video(file: h5py.File, name: str, origin: Origin, path: Path) -> VideoFeatures:
    with reading(path, name):
        group = file["videos"][name]
        check_arrays(group, name, ARRAYS | {"feat": origin.dtype}, origin.width, path)
        arrays = {key: group[key][()] for key in ARRAYS}
        texts = {key: group.attrs[key] for key in _TEXTS}
        return VideoFeatures(video_id=name, **arrays, **(texts | {"rotation": int(texts["rotation"])}))


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The file, if it is a feature file of a known format."""
    with reading(path), h5py.File(path, "r") as file:
        stored = file.attrs.get("format", None)
        if not isinstance(stored, np.integer) or not 1 <= stored <= FORMAT:
            to_do = "rerun extract_features, or update foretaste"
            raise DataError(f"feature file of format {shown(stored)}", path, f"format 1 to {FORMAT}", to_do)
        if not isinstance(file.get("videos"), h5py.Group):
            raise DataError(
                "feature file without videos", path, "the groups of docs/formats.md", "rerun extract_features"
            )
        yield file


def read_origin(file: h5py.File, path: Path) -> Origin:
    """What all videos of an open file share; DataError where that is not there or not as written."""
    missing = [field.name for field in fields(Origin) if field.name not in file.attrs]
    if missing:
        raise DataError(
            f"feature file without {', '.join(missing)}",
            path,
            "the attributes of docs/formats.md",
            "rerun extract_features",
        )
    values = {field.name: file.attrs[field.name] for field in fields(Origin)}
    check_attributes(values, path)
    numbers = {name: values[name].item() for name in ("grid_fps", "width")}
    return Origin(**(values | numbers))
