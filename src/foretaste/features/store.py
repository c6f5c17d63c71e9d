"""The feature store: backbone vectors of videos on a fixed grid of times, in HDF5.

One file a shard, one writer a file. A file holds

    /                    attributes: what all its videos share (``Origin``), and ``format``
    /videos/<id>/feat         (n, D) float16 or float32, contiguous: one vector a grid time
    /videos/<id>/grid_index   (n,) int32, ascending: the grid time is grid_index / grid_fps seconds
    /videos/<id>/pts_s        (n,) float64: time stamp of the frame that was shown then, never later than the
                              grid time
    /videos/<id>/valid        (n,) bool: false where the video shows nothing at that time (it has ended)
    /videos/<id>              attributes: source_sha256, decoder, rotation

Plain contiguous datasets, no compression: their place in the file is looked up once, the file closed, and
rows are read through a memory map (8 times as many windows a second as slicing HDF5 datasets, 100 times as
many as with gzip), which is also safe across forks. Nothing in a file depends on when or where it was
written.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
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


_ARRAYS = {"feat": None, "grid_index": np.int32, "pts_s": np.float64, "valid": np.bool_}
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
    for name, dtype in _ARRAYS.items():
        group.create_dataset(
            name,
            data=np.ascontiguousarray(getattr(video, name), dtype=dtype or origin.dtype),
            track_times=False,
        )
    for name in _TEXTS:
        group.attrs[name] = getattr(video, name)


def read_videos(path: Path) -> tuple[Origin, list[VideoFeatures]]:
    """Everything in a feature file, in memory."""
    with _opened(path) as file:
        origin = _origin(file, path)
        return origin, [_read_video(file, name, origin, path) for name in file["videos"]]


def _read_video(file: h5py.File, name: str, origin: Origin, path: Path) -> VideoFeatures:
    with reading(path, name):
        group = file["videos"][name]
        check_arrays(group, name, _ARRAYS | {"feat": origin.dtype}, origin.width, path)
        arrays = {key: group[key][()] for key in _ARRAYS}
        texts = {key: group.attrs[key] for key in _TEXTS}
        return VideoFeatures(video_id=name, **arrays, **(texts | {"rotation": int(texts["rotation"])}))


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
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


def _origin(file: h5py.File, path: Path) -> Origin:
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


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """One video as the reader keeps it: a window into the memory map, and its small columns."""

    feat: np.ndarray
    grid_index: np.ndarray
    pts_s: np.ndarray
    valid: np.ndarray
    path: Path

    def find(self, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For grid indices of any shape: where each stands among the video's own, and whether it is there and
        valid.
        """
        if not len(self.grid_index):
            return np.zeros(wanted.shape, np.int64), np.zeros(wanted.shape, bool)
        at = np.minimum(np.searchsorted(self.grid_index, wanted), len(self.grid_index) - 1)
        return at, (self.grid_index[at] == wanted) & self.valid[at]


class FeatureStore:
    """Random access to the vectors of all videos of some shards. Raises DataError for whatever is not
    there. Another process that is sent a store maps the shards itself.
    """

    def __init__(self, paths: Sequence[Path]):
        self._paths = tuple(paths)
        self._videos: dict[str, _Stored] = {}
        self.origin: Origin | None = None
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

    def rows(self, video_id: str, grid_indices: np.ndarray) -> np.ndarray:
        """The vectors (T, D) of a video at ``grid_indices`` (T,), in the dtype of the store."""
        return self._video(video_id).feat[self.positions(video_id, grid_indices)]

    def times(self, video_id: str, grid_indices: np.ndarray) -> np.ndarray:
        """The time stamps (T,) float64, in seconds, of the frames behind those vectors."""
        return self._video(video_id).pts_s[self.positions(video_id, grid_indices)]

    def positions(self, video_id: str, grid_indices: np.ndarray) -> np.ndarray:
        """Where the grid indices stand among the video's own (T,); a DataError names the first that is absent
        or not valid.
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
            reasons[(wanted < known[0]).any(axis=1)] = "window starts before the features of its video"
            reasons[(wanted > known[-1]).any(axis=1)] = "window stops after the features of its video"
        whole = np.flatnonzero(found.all(axis=1))
        shown = np.unique(at[whole])
        broken = shown[~np.isfinite(video.feat[shown]).all(axis=1)]
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
        with _opened(path) as file:
            origin = _origin(file, path)
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
            count = int(np.prod(shape)) * dtype.itemsize
            feat = (
                np.frombuffer(memory, dtype=dtype, count=int(np.prod(shape)), offset=offset)
                if count
                else np.empty(shape, dtype)
            )
            self._videos[name] = _Stored(feat=feat.reshape(shape), path=path, **columns)


def _layout(
    file: h5py.File, name: str, origin: Origin, path: Path
) -> tuple[int | None, tuple[int, int], np.dtype, dict[str, np.ndarray]]:
    with reading(path, name):
        group = file["videos"][name]
        check_arrays(group, name, _ARRAYS | {"feat": origin.dtype}, origin.width, path)
        feat = group["feat"]
        columns = {key: group[key][()] for key in _ARRAYS if key != "feat"}
        if (np.diff(columns["grid_index"]) <= 0).any():
            raise DataError(
                f"grid indices of {name!r} do not ascend",
                path,
                "each grid time once",
                "rerun extract_features",
            )
        return feat.id.get_offset(), feat.shape, feat.dtype, columns
