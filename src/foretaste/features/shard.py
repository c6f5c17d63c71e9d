"""A shard of the feature store: backbone vectors or maps of videos on a fixed grid of times, in HDF5.

One file a shard, one writer a file. A file holds

    /                    attributes: what all its videos share (``Origin``), and ``format``
    /videos/<id>/feat         (n, D) float16 or float32, contiguous: one vector a grid time; of maps
                              (n, ..., D), the middle axes alike in all videos of a store
    /videos/<id>/grid_index   (n,) int32, ascending: the grid time is grid_index / grid_fps seconds
    /videos/<id>/pts_s        (n,) float64: time stamp of the frame that was shown then, never later than the
                              grid time
    /videos/<id>/valid        (n,) bool: false where the video shows nothing at that time (it has ended)
    /videos/<id>              attributes: source_sha256, decoder, rotation, and checksum, the sha256 of all
                              that is said of the video (``checksum``)

Plain contiguous datasets, no compression, so that ``store`` may read them through a memory map. Nothing in a
file depends on when or where it was written. Format 1 had neither checksums nor look_back.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.file_checks import (
    check_arrays,
    check_attributes,
    check_group,
    check_name,
    read_attributes,
    reading,
    shown,
)

FORMAT = 2

#: How a grid time is matched with a frame.
GRID_RULE = "the last frame shown at or before grid_index / grid_fps"

#: What a file says of its origin where whoever wrote it did not.
NOT_STATED = "not stated"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the vectors of a file come from; the same in every shard of a store.

    width
        D.
    backbone
        Canonical JSON of the network's settings; of features made elsewhere, what it is called there.
    weights_sha256
        Digest of its weights.
    picture
        Canonical JSON of the picture it saw.
    look_back
        Grid steps: at a grid time without a row the newest row of at most so many steps before is read.
    """

    grid_fps: float
    grid_rule: str
    width: int
    dtype: str
    backbone: str
    weights_sha256: str = NOT_STATED
    picture: str = NOT_STATED
    look_back: int = 0


@dataclass(frozen=True, kw_only=True)
class VideoFeatures:
    """One video: ``feat`` (n, D) or (n, ..., D), ``grid_index`` (n,), ``pts_s`` (n,), ``valid`` (n,), and
    where they come from: sha256 of the file, what read it, by how many degrees it was turned.
    """

    video_id: str
    feat: np.ndarray
    grid_index: np.ndarray
    pts_s: np.ndarray
    valid: np.ndarray
    source_sha256: str
    decoder: str
    rotation: int


#: Equal times may differ by a rounding.
_ROUNDING_S = 1e-6


def too_late(video: VideoFeatures, grid_fps: float) -> np.ndarray:
    """(n,) bool: the valid rows whose time stamp is later than their grid time, or no number."""
    return video.valid & ~(video.pts_s <= video.grid_index / grid_fps + _ROUNDING_S)


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
        describe(file, asdict(origin))
        file.create_group("videos")
        for video in videos:
            _write_video(file, origin, video)
    path.write_bytes(image.getbuffer())


def _write_video(file: h5py.File, origin: Origin, video: VideoFeatures) -> None:
    check_name(video.video_id, "videos")
    n = len(video.grid_index)
    fits = video.feat.ndim > 1 and video.feat.shape[0] == n and video.feat.shape[-1] == origin.width
    if not fits or (np.diff(video.grid_index) <= 0).any():
        raise ValueError(
            f"{video.video_id}: feat {video.feat.shape} for {n} ascending grid indices of width"
            f" {origin.width}"
        )
    group = file.create_group(f"videos/{video.video_id}")
    for name, dtype in ARRAYS.items():
        stored = np.ascontiguousarray(getattr(video, name), dtype=dtype or origin.dtype)
        group.create_dataset(name, data=stored, track_times=False)
    said = {name: getattr(video, name) for name in _TEXTS}
    describe(group, said | {"checksum": checksum(origin, video)})


def describe(holder: h5py.File | h5py.Group, values: dict[str, Any]) -> None:
    """Attributes; texts of a fixed length, as HDF5 keeps others in a heap, which it reads for ever where it
    is damaged.
    """
    for name, value in values.items():
        if isinstance(value, str):
            text = value.encode()
            holder.attrs.create(name, text, dtype=h5py.string_dtype("utf-8", max(len(text), 1)))
        else:
            holder.attrs[name] = value


def checksum(origin: Origin, video: VideoFeatures) -> str:
    """The sha256, in hexadecimal, of all that a file says of a video: as canonical JSON ``[origin, {name:
    value}]`` of its id and texts, then of each array its type, its shape and its bytes.
    """
    said = {name: getattr(video, name) for name in ("video_id", *_TEXTS)}
    digest = hashlib.sha256(json.dumps([asdict(origin), said], sort_keys=True).encode())
    for name, dtype in ARRAYS.items():
        stored = np.ascontiguousarray(getattr(video, name), dtype=dtype or origin.dtype)
        digest.update(f"{name} {stored.dtype.name} {stored.shape}".encode())
        digest.update(stored.data)
    return digest.hexdigest()


def read_videos(path: Path) -> tuple[Origin, list[VideoFeatures]]:
    """Everything in a feature file, in memory. DataError where a video is not as its checksum says."""
    with opened(path) as file:
        origin = read_origin(file, path)
        return origin, [read_video(file, name, origin, path) for name in file["videos"]]


def read_video(file: h5py.File, name: str, origin: Origin, path: Path) -> VideoFeatures:
    """One video of an open file, in memory; DataError where it is not as its checksum says."""
    with reading(path, name):
        group = check_group(file["videos"], name, path)
        check_arrays(group, name, ARRAYS | {"feat": origin.dtype}, origin.width, path)
        arrays = {key: group[key][()] for key in ARRAYS}
        said = read_attributes(group)
        texts = {key: said[key] for key in _TEXTS}
        video = VideoFeatures(video_id=name, **arrays, **(texts | {"rotation": int(texts["rotation"])}))
        stated = said.get("checksum", None if read_format(file, path) == 1 else "nothing")
    if stated is not None and (found := checksum(origin, video)) != stated:
        to_do = "get it again, or rerun extract_features"
        raise DataError(f"damaged features (sha256 {found})", f"{path}: {name}", str(stated), to_do)
    return video


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The file, if it is a feature file of a known format."""
    with reading(path), h5py.File(path, "r") as file:
        read_format(file, path)
        check_group(file, "videos", path)
        yield file


def read_format(file: h5py.File, path: Path) -> int:
    """The format of an open file; DataError where this is none, or a newer one."""
    stored = file.attrs.get("format", None)
    if not isinstance(stored, np.integer) or not 1 <= stored <= FORMAT:
        to_do = "rerun extract_features, or update foretaste"
        raise DataError(f"feature file of format {shown(stored)}", path, f"format 1 to {FORMAT}", to_do)
    return int(stored)


def read_origin(file: h5py.File, path: Path) -> Origin:
    """What all videos of an open file share; DataError where that is not there or not as written."""
    said = read_attributes(file)
    if read_format(file, path) == 1:
        said = {"look_back": np.int64(0)} | said
    names = [field.name for field in fields(Origin)]
    if missing := [name for name in names if name not in said]:
        raise DataError(
            f"feature file without {', '.join(missing)}",
            path,
            "the attributes of docs/formats.md",
            "rerun extract_features",
        )
    values = {name: said[name] for name in names}
    check_attributes(values, path)
    numbers = {name: values[name].item() for name in ("grid_fps", "width", "look_back")}
    return Origin(**(values | numbers))
