"""Features that another program made, into a store of ours.

A source numbers the rows of a video: its number k is read at grid index k, and the row of number ``first``,
the first that there can be, shows the frame at 0 s. Sources that count from 1, as RULSTM's and AVT's do, are
so read as those two read them: at k / fps they see frame k, which is shown from (k - 1) / fps on, and the
frame before the first is the first. A row that is missing is looked for up to ``look_back`` steps before,
never after, and where it is not found there is none: nothing is filled with zeros.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np

from foretaste.contracts.errors import ConfigError, DataError, unknown
from foretaste.features.file_checks import check_name
from foretaste.features.shard import (
    GRID_RULE,
    NOT_STATED,
    Origin,
    VideoFeatures,
    too_late,
    write_features,
)
from foretaste.pipeline import artifact

Dtype = Literal["float16", "float32"]

#: Of what counts from 1: how a grid time is matched with a frame.
FROM_1 = "the frame numbered grid_index, counted from 1; at grid_index 0 the first"

#: What rows may be that are stored as ``Dtype``.
_FLOATS = ("float16", "float32", "float64")

#: The largest grid index that a feature file holds.
_HIGHEST = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How a source counts: numbers a second, the first number (0 or 1), and how many steps it looks back.
    Raises ConfigError for what cannot be.
    """

    fps: float
    first: int = 0
    look_back: int = 0

    def __post_init__(self):
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise ConfigError(f"{self.fps} rows a second", "fps", "a number above 0", "correct it")
        if self.look_back < 0:
            what = f"looking back {self.look_back} steps"
            raise ConfigError(what, "look_back", "0 or more", "correct it; later rows are never read")


@dataclass(frozen=True, kw_only=True)
class GivenVideo:
    """The rows of one video as a source has them.

    where
        How an error names what they come from.
    feat
        (n, D) or (n, ..., D), float16, float32 or float64.
    numbers
        (n,) int64, ascending; None where the rows are all there, from the first on.
    pts_s, valid
        (n,) float64 and bool where the source knows them.
    source_sha256
        Of the file that they come from.
    """

    video_id: str
    where: str
    feat: np.ndarray
    numbers: np.ndarray | None = None
    pts_s: np.ndarray | None = None
    valid: np.ndarray | None = None
    source_sha256: str = NOT_STATED


class Source(Protocol):
    """What another program left.

    kind
        What it is, in a word.
    clock
        How its files count by convention; None where they have none.
    videos
        The ids of its videos.
    """

    kind: str
    clock: Clock | None
    videos: Sequence[str]

    def read(self, video_id: str) -> GivenVideo:
        """One video; DataError for whatever is wrong with it."""


def save_features(
    folder: str | Path,
    videos: Iterable[tuple[str, np.ndarray]],
    *,
    fps: float,
    backbone: str = NOT_STATED,
    dtype: Dtype = "float16",
) -> None:
    """Write features of one's own into a new ``folder``, whole or not at all: a file a video.

    videos
        (id, (n, D) or (n, ..., D) floats), one after the other: row k is of the frame shown at k / ``fps`` s.
    backbone
        What made them, in words.

    Raises as ``import_features``.
    """
    given = (GivenVideo(video_id=name, where="save_features", feat=np.asarray(feat)) for name, feat in videos)
    import_features(given, Path(folder), Clock(fps=fps), NOT_STATED, backbone=backbone, dtype=dtype)


def import_features(
    videos: Iterable[GivenVideo],
    folder: Path,
    clock: Clock,
    reader: str,
    *,
    backbone: str = NOT_STATED,
    dtype: Dtype = "float16",
) -> list[Path]:
    """Write a new ``folder`` with a feature file a video, whole or not at all; returns the files.

    reader
        What read them, as the files keep it.
    backbone
        What made the features, in the source's own words.

    Raises DataError for a folder that is there, for no video at all, for a video that comes twice or cannot
    be the name of a file, for rows of other shapes or types, and for values not finite in ``dtype``.
    """
    if dtype not in get_args(Dtype):
        raise unknown("dtype", str(dtype), get_args(Dtype), folder)
    if folder.exists():
        raise DataError("it is there already", folder, "a new folder", "remove it, or choose another folder")
    shape: tuple[int, ...] | None = None
    with artifact.whole(folder) as partial:
        partial.mkdir()
        for given in videos:
            path = partial / f"{_named(given)}.h5"
            if path.exists():
                raise DataError(
                    f"{given.video_id} comes twice", given.where, "each video once", "leave one out"
                )
            shape = _of_shape(given, shape)
            origin = Origin(
                grid_fps=float(clock.fps),
                grid_rule=FROM_1 if clock.first else GRID_RULE,
                width=shape[-1],
                dtype=dtype,
                backbone=backbone,
                look_back=clock.look_back,
            )
            write_features(path, origin, [_placed(given, clock, reader, dtype)])
        if shape is None:
            raise DataError("no features of any video", folder, "at least one video", "look at the source")
    return sorted(folder.glob("*.h5"))


def _placed(given: GivenVideo, clock: Clock, reader: str, dtype: Dtype) -> VideoFeatures:
    """Rows of a source on the grid of their own clock. The first frame, where it is numbered 1, also stands
    at grid index 0: no earlier one is ever shown.
    """
    numbers = _numbers(given, clock)
    rows, grid_index = np.arange(len(numbers)), numbers
    if clock.first and len(numbers) and numbers[0] == clock.first:
        rows, grid_index = np.concatenate([rows[:1], rows]), np.concatenate([[0], numbers])
    pts_s = (numbers - clock.first) / clock.fps if given.pts_s is None else given.pts_s
    valid = np.ones(len(numbers), bool) if given.valid is None else given.valid
    feat = _stored(given, numbers, valid, dtype)
    video = VideoFeatures(
        video_id=given.video_id,
        feat=feat if len(rows) == len(numbers) else feat[rows],
        grid_index=grid_index.astype(np.int32),
        pts_s=pts_s[rows],
        valid=valid[rows],
        source_sha256=given.source_sha256,
        decoder=reader,
        rotation=0,
    )
    late = video.grid_index[too_late(video, clock.fps)]
    if len(late):
        raise DataError(
            f"the time stamp of number {int(late[0])} of {given.video_id} is later than it, or none",
            given.where,
            f"at most number / {clock.fps:g} s",
            "mend pts_s, or leave it out",
        )
    return video


def _named(given: GivenVideo) -> str:
    """The id of a video, where it can be the name of a file that is not hidden."""
    check_name(given.video_id, given.where)
    if given.video_id.startswith("."):
        found = f"video id {given.video_id!r}"
        raise DataError(found, given.where, "a name that is not hidden", "rename the video")
    return given.video_id


def _of_shape(given: GivenVideo, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """The shape of a row; DataError where that is none, or not ``shape``, that of the videos before."""
    feat = given.feat
    if feat.dtype.name not in _FLOATS or feat.ndim < 2 or 0 in feat.shape[1:]:
        found = f"{feat.dtype} {feat.shape} of {given.video_id}"
        raise DataError(found, given.where, f"(n, D) or (n, ..., D) of {', '.join(_FLOATS)}", "save it so")
    if shape is not None and feat.shape[1:] != shape:
        found, expected = f"rows of {feat.shape[1:]} of {given.video_id}", f"{shape}, as of the videos before"
        raise DataError(found, given.where, expected, "import features of another shape by themselves")
    return feat.shape[1:]


def _numbers(given: GivenVideo, clock: Clock) -> np.ndarray:
    if given.numbers is None:
        return np.arange(clock.first, clock.first + len(given.feat))
    odd = given.numbers[(given.numbers < clock.first) | (given.numbers > _HIGHEST)]
    if len(odd):
        raise DataError(
            f"number {int(odd[0])} of {given.video_id}",
            given.where,
            f"numbers from {clock.first} to {_HIGHEST}",
            "say --first 0 where they count from 0" if odd[0] == 0 else "mend the source",
        )
    return given.numbers


def _stored(given: GivenVideo, numbers: np.ndarray, valid: np.ndarray, dtype: Dtype) -> np.ndarray:
    """The rows in ``dtype``; DataError for one that is valid and not finite in it."""
    with np.errstate(over="ignore"):  # what becomes infinite is refused by name
        feat = given.feat.astype(dtype)
    finite = np.isfinite(feat).all(axis=tuple(range(1, feat.ndim)))
    broken = np.flatnonzero(valid & ~finite)
    if len(broken):
        raise DataError(
            f"number {int(numbers[broken[0]])} of {given.video_id} is not finite in {dtype}",
            given.where,
            "finite values",
            "float32 (--dtype) if they are large, else mend the source",
        )
    return feat
