"""The feature store: random access to the vectors (or maps) of all videos, whatever shard they lie in.

The place of a video's vectors in its file is looked up once, the file closed, and rows are read through a
memory map: about as fast as arrays in memory, and many times as fast as HDF5 datasets that are sliced
(bench/store.py). That is also safe across forks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import h5py
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.file_checks import check_arrays, check_group, reading
from foretaste.features.shard import ARRAYS, Origin, opened, read_origin


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """One video as the reader keeps it: a window into the memory map, and its small columns."""

    feat: np.ndarray
    grid_index: np.ndarray
    pts_s: np.ndarray
    valid: np.ndarray
    look_back: int
    path: Path

    def find(self, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For grid indices of any shape: where the newest row not after each stands among the video's own,
        and whether it is new enough and valid.
        """
        if not len(self.grid_index):
            return np.zeros(wanted.shape, np.int64), np.zeros(wanted.shape, bool)
        newest = np.searchsorted(self.grid_index, wanted, side="right") - 1
        at = np.maximum(newest, 0)
        steps_back = wanted - self.grid_index[at]
        return at, (newest >= 0) & (steps_back <= self.look_back) & self.valid[at]


class FeatureStore:
    """Random access to the vectors of all videos of some shards. Raises DataError for whatever is not
    there. Another process that is sent a store maps the shards itself.
    """

    def __init__(self, paths: Sequence[Path]):
        self._paths = tuple(paths)
        self._videos: dict[str, _Stored] = {}
        self.origin: Origin | None = None
        self._shape: tuple[int, ...] | None = None
        for path in paths:
            self._add(Path(path))
        if self.origin is None:
            raise DataError("no feature files", "features", "at least one shard", "run extract_features")

    def __reduce__(self) -> tuple[type[FeatureStore], tuple[tuple[Path, ...]]]:
        return FeatureStore, (self._paths,)

    @property
    def videos(self) -> tuple[str, ...]:
        """The video ids, sorted."""
        return tuple(sorted(self._videos))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a row: (D,), of maps (..., D)."""
        return self._shape or (self.origin.width,)

    def rows(self, video_id: str, grid_indices: np.ndarray) -> np.ndarray:
        """The vectors (T, D), or maps (T, ..., D), of a video at ``grid_indices`` (T,), in the dtype of the
        store.
        """
        return self._video(video_id).feat[self.positions(video_id, grid_indices)]

    def times(self, video_id: str, grid_indices: np.ndarray) -> np.ndarray:
        """The time stamps (T,) float64, in seconds, of the frames behind those vectors."""
        return self._video(video_id).pts_s[self.positions(video_id, grid_indices)]

    def positions(self, video_id: str, grid_indices: np.ndarray) -> np.ndarray:
        """Where the rows for the grid indices stand among the video's own (T,); a DataError names the first
        that is absent or not valid.
        """
        video = self._video(video_id)
        wanted = np.asarray(grid_indices)
        at, found = video.find(wanted)
        if not found.all():
            k = int(wanted[~found][0])
            gone = "the video shows nothing" if k in video.grid_index else "no feature"
            raise DataError(
                f"{gone} at grid index {k} ({k / self.origin.grid_fps:.3f} s)",
                f"{video.path}: {video_id}",
                "a vector for every frame that a window shows",
                "rerun extract_features on these samples, or drop the sample",
            )
        return at

    def lacking(self, video_id: str, grid_indices: np.ndarray) -> np.ndarray:
        """(n,) object: why the windows ``grid_indices`` (n, T) of a video cannot be shown; None for those
        that can.
        """
        wanted = np.asarray(grid_indices)
        if video_id not in self._videos:
            return np.full(len(wanted), "no features of its video", dtype=object)
        video = self._videos[video_id]
        reasons = np.full(len(wanted), None, dtype=object)
        at, found = video.find(wanted)
        reasons[~found.all(axis=1)] = "window shows a frame without features"
        known = video.grid_index[video.valid]
        if len(known):
            early, late = ~found & (wanted < known[0]), ~found & (wanted > known[-1])
            reasons[early.any(axis=1)] = "window starts before the features of its video"
            reasons[late.any(axis=1)] = "window stops after the features of its video"
        whole = np.flatnonzero(found.all(axis=1))
        shown = np.unique(at[whole])
        finite = np.isfinite(video.feat[shown]).all(axis=tuple(range(1, video.feat.ndim)))
        broken = shown[~finite]
        shows_one = np.isin(at[whole], broken).any(axis=1)
        reasons[whole[shows_one]] = "window shows features that are not finite (NaN or infinite)"
        return reasons

    def at(self, video_id: str, positions: np.ndarray | slice) -> np.ndarray:
        """The vectors at ``positions`` found before: the fast path of a view."""
        return self._videos[video_id].feat[positions]

    def _video(self, video_id: str) -> _Stored:
        if video_id not in self._videos:
            raise DataError(
                f"no features of video {video_id!r}",
                "features",
                f"one of the {len(self._videos)} videos of the store",
                "see issues.parquet for why it was left out, and drop its samples",
            )
        return self._videos[video_id]

    def _add(self, path: Path) -> None:
        with opened(path) as file:
            origin = read_origin(file, path)
            self.origin = self.origin or origin
            for field in fields(Origin):
                ours, theirs = getattr(self.origin, field.name), getattr(origin, field.name)
                if ours != theirs:
                    raise DataError(
                        f"shards differ in {field.name} ({ours} and {theirs})",
                        path,
                        "shards of one extraction",
                        "rerun extract_features",
                    )
            layout = {name: _layout(file, name, origin, path) for name in file["videos"]}
        memory = np.memmap(path, dtype=np.uint8, mode="r") if layout else None
        for name, (offset, shape, dtype, columns) in layout.items():
            if name in self._videos:
                raise DataError(
                    f"video {name!r} is in two shards", path, "each video once", "rerun extract_features"
                )
            self._shape = self._shape or shape[1:]
            if shape[1:] != self._shape:
                found, expected = f"features of {name!r} are {shape[1:]} a row", f"{self._shape}, as before"
                raise DataError(
                    found, path, expected, "keep features of another shape in a store of their own"
                )
            count = int(np.prod(shape))
            feat = np.empty(shape, dtype)
            if count:
                feat = np.frombuffer(memory, dtype=dtype, count=count, offset=offset).reshape(shape)
            self._videos[name] = _Stored(feat=feat, path=path, look_back=self.origin.look_back, **columns)


def _layout(
    file: h5py.File, name: str, origin: Origin, path: Path
) -> tuple[int | None, tuple[int, ...], np.dtype, dict[str, np.ndarray]]:
    with reading(path, name):
        group = check_group(file["videos"], name, path)
        check_arrays(group, name, ARRAYS | {"feat": origin.dtype}, origin.width, path)
        feat = group["feat"]
        columns = {key: group[key][()] for key in ARRAYS if key != "feat"}
        if (np.diff(columns["grid_index"]) <= 0).any():
            raise DataError(
                f"grid indices of {name!r} do not ascend",
                path,
                "each grid time once",
                "rerun extract_features",
            )
        return feat.id.get_offset(), feat.shape, feat.dtype, columns
