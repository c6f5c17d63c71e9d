"""The frame store: random access to the stored frames of all videos, whatever shard they lie in.

The place of a video's JPEGs is looked up once, the file closed, and each is decoded where it lies in a
memory map, after its CRC was compared: OpenCV decodes what is damaged to some picture without a word.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import RGB
from foretaste.features.frame_shard import Origin, StoredFrames, opened, read_origin, read_video
from foretaste.video.frame_table import FrameTable

_AGAIN = "get it again, or rerun store_frames"


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """One video as the reader keeps it: what is said of it, and its JPEGs as a window into the map."""

    said: StoredFrames
    jpeg: np.ndarray
    path: Path


class FrameStore:
    """Random access to the frames of all videos of some shards, of one modality. Raises DataError for
    whatever is not there, or damaged. Another process that is sent a store maps the shards itself.
    """

    def __init__(self, paths: Sequence[Path]):
        self._paths = tuple(Path(path) for path in paths)
        self._videos: dict[str, _Stored] = {}
        origins: dict[Path, Origin] = {}
        for path in self._paths:
            origins[path] = self._add(path)
        if not origins:
            raise DataError("no frame files", "frames", "at least one shard", "run store_frames")
        self.origin = next(iter(origins.values()))
        for path, origin in origins.items():
            if origin != self.origin:
                what, to_do = f"shards differ ({origin} and {self.origin})", "rerun store_frames"
                raise DataError(what, path, "shards of one store", to_do)

    def __reduce__(self) -> tuple[type[FrameStore], tuple[tuple[Path, ...]]]:
        return FrameStore, (self._paths,)

    @property
    def videos(self) -> tuple[str, ...]:
        """The video ids, sorted."""
        return tuple(sorted(self._videos))

    def said_of(self, video_id: str) -> StoredFrames:
        """All that is said of a video but its JPEGs."""
        return self._video(video_id).said

    def check_is_of(self, video_id: str, video: FrameTable) -> None:
        """DataError unless the stored frames are those of the file that was probed."""
        stored = self._video(video_id)
        frame, pts_s = stored.said.frame, stored.said.pts_s
        if stored.said.source_sha256 != video.digest:
            what = f"frames of another file of {video_id!r} ({stored.said.source_sha256[:12]})"
            raise DataError(what, stored.path, f"those of {video.digest[:12]}", "rerun store_frames")
        if (frame >= len(video.pts_s)).any() or not np.array_equal(video.pts_s[frame], pts_s):
            what = f"frames of {video_id!r} at other times than the probe says"
            raise DataError(what, stored.path, "frames as they were probed", "rerun store_frames")

    def pictures(self, video_id: str, frames: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """The ``frames`` (T,) of a video, counted as shown, as (T, H, W, 3) uint8 RGB, or (T, H, W, 2) of
        flow, resized to ``size`` (H, W) where they are stored in another (bilinear; below half, averages).
        """
        unique, inverse = np.unique(frames, return_inverse=True)
        channels = 3 if self.origin.modality == RGB else 2
        pictures = np.empty((len(unique), *size, channels), np.uint8)
        for into, jpeg in zip(pictures, self.jpegs(video_id, unique)):
            self._picture(video_id, jpeg, into)
        return pictures if np.array_equal(unique, frames) else pictures[inverse]

    def jpegs(self, video_id: str, frames: np.ndarray) -> list[np.ndarray]:
        """The bytes of the ``frames`` (T,), each (bytes,) uint8, not copied."""
        video = self._video(video_id)
        said = video.said
        at = np.searchsorted(said.frame, frames)
        found = np.append(said.frame, -1)[at] == frames
        if not found.all():
            what = f"frame {np.asarray(frames)[~found][0]} is not stored"
            to_do = "rerun store_frames on these samples"
            raise DataError(what, f"{video.path}: {video_id}", "every frame that a window shows", to_do)
        jpegs = [video.jpeg[said.offsets[one] : said.offsets[one + 1]] for one in at]
        for one, jpeg in zip(at, jpegs):
            if zlib.crc32(jpeg) != said.crc32[one]:
                what, where = f"damaged frame {said.frame[one]}", f"{video.path}: {video_id}"
                raise DataError(what, where, f"CRC-32 {said.crc32[one]}", _AGAIN)
        return jpegs

    def _picture(self, video_id: str, jpeg: np.ndarray, into: np.ndarray) -> None:
        """Decode a picture to its place (H, W, 3 or 2)."""
        rgb = self.origin.modality == RGB
        picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR_RGB if rgb else cv2.IMREAD_GRAYSCALE)
        said = self._video(video_id).said
        height, width = said.height * (1 if rgb else 2), said.width
        if picture is None or picture.shape[:2] != (height, width):
            path = self._video(video_id).path
            raise DataError("no JPEG of its size", f"{path}: {video_id}", f"{height} x {width}", _AGAIN)
        if not rgb:
            picture = np.stack((picture[: said.height], picture[said.height :]), axis=-1)
        if picture.shape == into.shape:
            into[:] = picture
            return
        # Bilinear, which leaves nothing out down to half the size; averaging takes six times as long.
        smoothing = cv2.INTER_LINEAR if 2 * into.shape[0] >= said.height else cv2.INTER_AREA
        cv2.resize(picture, into.shape[1::-1], dst=into, interpolation=smoothing)

    def _video(self, video_id: str) -> _Stored:
        if video_id not in self._videos:
            raise DataError(
                f"no frames of video {video_id!r}",
                "frames",
                f"one of the {len(self._videos)} videos of the store",
                "see issues.parquet for why it was left out, and drop its samples",
            )
        return self._videos[video_id]

    def _add(self, path: Path) -> Origin:
        with opened(path) as file:
            origin = read_origin(file, path)
            found = [read_video(file, name, origin, path) for name in file["videos"]]
        memory = np.memmap(path, dtype=np.uint8, mode="r") if found else None
        for said, offset in found:
            if said.video_id in self._videos:
                what = f"video {said.video_id!r} is in two shards"
                raise DataError(what, path, "each video once", "rerun store_frames")
            size = int(said.offsets[-1])
            # A plain array on the same memory: slices of a memmap cost ten times as much.
            jpeg = np.frombuffer(memory, np.uint8, size, offset) if size else np.empty(0, np.uint8)
            self._videos[said.video_id] = _Stored(said=said, jpeg=jpeg, path=path)
        return origin
