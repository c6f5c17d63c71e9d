"""A shard of the frame store: frames of videos as JPEG, in HDF5.

One file a shard, one writer a file. A file holds

    /                       attributes: what all its videos share (``Origin``), and ``format``
    /videos/<id>/jpeg       (bytes,) uint8, contiguous: the JPEG files of the frames, one after the other
    /videos/<id>/offsets    (n + 1,) int64: where each begins, and where the last ends
    /videos/<id>/crc32      (n,) uint32: of each
    /videos/<id>/frame      (n,) int64, ascending: which frame of the video it is, counted from 0 as shown
    /videos/<id>/pts_s      (n,) float64: when it is shown
    /videos/<id>            attributes: source_sha256, decoder, height, width, and checksum, the sha256 of all
                            of this but ``jpeg``, for which the CRCs stand (``checksum``)

Of flow a JPEG is grey, (2 H, W): u above v. Nothing in a file depends on when or where it was written.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import h5py
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.file_checks import (
    FRAMES,
    check_group,
    check_name,
    check_own,
    read_attributes,
    reading,
    shown,
)
from foretaste.features.shard import describe

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the frames of a file are; the same in every shard of a store.

    modality, made_from
        What is stored, and the modality of the videos that it was made from.
    method
        How flow was computed that no video holds; "given" for what videos hold.
    side
        Pixels that the shorter side has at most.
    quality
        Of the JPEGs, as OpenCV counts.
    """

    modality: str
    made_from: str
    method: str
    side: int
    quality: int


@dataclass(frozen=True, kw_only=True)
class StoredFrames:
    """The frames of one video but for their bytes; see the module."""

    video_id: str
    offsets: np.ndarray
    crc32: np.ndarray
    frame: np.ndarray
    pts_s: np.ndarray
    source_sha256: str
    decoder: str
    height: int
    width: int


#: The small datasets of a video and their types.
ARRAYS = {"offsets": np.int64, "crc32": np.uint32, "frame": np.int64, "pts_s": np.float64}
_SAID = ("source_sha256", "decoder", "height", "width")

#: Bytes that are copied at a time.
_CHUNK = 1 << 24


def write_frames(path: Path, origin: Origin, videos: Sequence[tuple[StoredFrames, Path]]) -> None:
    """Write a frame file from its videos and the files that hold their JPEGs (not atomic: callers write
    inside ``artifact.whole``). Raises DataError where such a file is not as its CRCs say.

    HDF5 lays the file out, and the bytes of the JPEGs are then written to their places without it: however
    many there are, they need no memory, and a full disk is a plain OSError.
    """
    places = {}
    with h5py.File(path, "w", libver=("v108", "v108")) as file:
        describe(file, {"format": FORMAT, **asdict(origin)})
        file.create_group("videos")
        for video, _ in videos:
            places[video.video_id] = _lay_out(file, origin, video)
    with open(path, "r+b") as file:
        for video, source in videos:
            if len(video.frame):
                file.seek(places[video.video_id])
                _copy(video, source, file)


def _lay_out(file: h5py.File, origin: Origin, video: StoredFrames) -> int:
    """Everything of a video but its JPEGs; where these begin in the file."""
    check_name(video.video_id, "videos")
    group = file.create_group(f"videos/{video.video_id}")
    for name, dtype in ARRAYS.items():
        stored = np.ascontiguousarray(getattr(video, name), dtype=dtype)
        group.create_dataset(name, data=stored, track_times=False)
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    layout.set_obj_track_times(False)
    space = h5py.h5s.create_simple((int(video.offsets[-1]),))
    jpeg = h5py.h5d.create(group.id, b"jpeg", h5py.h5t.STD_U8LE, space, layout)
    said = {name: getattr(video, name) for name in _SAID}
    describe(group, said | {"checksum": checksum(origin, video)})
    return jpeg.get_offset()


def _copy(video: StoredFrames, source: Path, target) -> None:
    with open(source, "rb") as file:
        for at, (size, crc32) in enumerate(zip(np.diff(video.offsets).tolist(), video.crc32.tolist())):
            jpeg = file.read(size)
            if len(jpeg) != size or zlib.crc32(jpeg) != crc32:
                raise DataError(f"damaged JPEG {at}", source, f"CRC-32 {crc32}", "run store_frames again")
            target.write(jpeg)


def checksum(origin: Origin, video: StoredFrames) -> str:
    """The sha256, in hexadecimal, of all that a file says of a video but its JPEGs: as canonical JSON
    ``[origin, {name: value}]``, then of each small array its type, its shape and its bytes.
    """
    said = {name: getattr(video, name) for name in ("video_id", *_SAID)}
    digest = hashlib.sha256(json.dumps([asdict(origin), said], sort_keys=True).encode())
    for name, dtype in ARRAYS.items():
        stored = np.ascontiguousarray(getattr(video, name), dtype=dtype)
        digest.update(f"{name} {stored.dtype.name} {stored.shape}".encode())
        digest.update(stored.data)
    return digest.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The file, if it is a frame file of this format."""
    with reading(path, kind=FRAMES), h5py.File(path, "r") as file:
        stored = file.attrs.get("format", None)
        if not isinstance(stored, np.integer) or stored != FORMAT or "side" not in file.attrs:
            to_do = "rerun store_frames, or update foretaste"
            raise DataError(f"frame file of format {shown(stored)}", path, f"format {FORMAT}", to_do)
        check_group(file, "videos", path, FRAMES)
        yield file


def read_origin(file: h5py.File, path: Path) -> Origin:
    """What all videos of an open file share; DataError where that is not there or not as written."""
    return Origin(**_said(file, {field.name: field.type for field in fields(Origin)}, path))


def read_video(file: h5py.File, name: str, origin: Origin, path: Path) -> tuple[StoredFrames, int | None]:
    """One video of an open file, and where its JPEGs begin (None: it has none); DataError where what is said
    of it is not as its checksum says.
    """
    with reading(path, name, FRAMES):
        group = check_group(file["videos"], name, path, FRAMES)
        check_own(group, name, (*ARRAYS, "jpeg"), path, FRAMES)
        types = {field.name: field.type for field in fields(StoredFrames) if field.name in _SAID}
        said = _said(group, types | {"checksum": "str"}, path)
        stated = said.pop("checksum")
        arrays = {key: group[key][()] for key in ARRAYS}
        video = StoredFrames(video_id=name, **arrays, **said)
        if (found := checksum(origin, video)) != stated:
            to_do = "get it again, or rerun store_frames"
            raise DataError(f"damaged frame file (sha256 {found})", f"{path}: {name}", stated, to_do)
        jpeg, size = group["jpeg"], int(video.offsets[-1])
        offset = jpeg.id.get_offset() if jpeg.chunks is None else None
        there = jpeg.shape == (size,) and jpeg.dtype == np.uint8
        if not there or (size and (offset is None or offset + size > path.stat().st_size)):
            to_do = "get it again, or rerun store_frames"
            raise DataError(f"damaged frame file: jpeg of {name!r}", path, f"{size} bytes in place", to_do)
        return video, offset


def _said(holder: h5py.File | h5py.Group, types: dict[str, str], path: Path) -> dict[str, str | int]:
    """The attributes named, of their types ("str" or "int")."""
    values = read_attributes(holder)
    expected = {"str": str, "int": np.integer}
    for name, kind in types.items():
        if not isinstance(values.get(name), expected[kind]):
            found = f"{name} of a frame file is {shown(values.get(name))}"
            raise DataError(found, path, "the attributes of docs/formats.md", "rerun store_frames")
    return {name: int(values[name]) if kind == "int" else values[name] for name, kind in types.items()}
