"""Boxes around the things that are seen in the frames of a sample's window.

    inputs    boxes (B, T, O, 4) float32: x0, y0, x1, y1 as shares of the crop, from 0 to 1
              classes (B, T, O) int64: which label of the table a box has, from 1; 0 where there is no box
              or, where they are ``drawn``, frames (B, T, 3, S, S) uint8: outlines on white

The frames are those that the view ``clip`` shows of the RGB videos with the same ``frames``, ``rate``,
``ticks``, ``sampler`` and ``window``. With the same ``geometry`` the boxes lie where the things do in its
pictures: both are resized, cut and mirrored alike. What reaches over the edge of the crop is cut there; a box
that lies outside stands as none (zeros and class 0) in its place. O is the most boxes that one frame of these
videos has, so none is left out. Classes are the labels of the whole table, sorted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from pydantic import PositiveInt, model_validator

from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import of_modality
from foretaste.contracts.view import AnyLook, Fetched, Sources
from foretaste.video.drawing import outlines
from foretaste.video.frame_table import frame_tables
from foretaste.video.geometry import Geometry, changed_boxes, draw, resized
from foretaste.video.transforms import channels_first
from foretaste.views import shown

#: What it is made from: what a step with this view reads.
SHOWS = "boxes"

#: Time stamps that are this near are the same: Matroska and WebM round them to milliseconds.
ROUNDING_S = 1e-3


class Config(shown.Sampling):
    geometry: Geometry = Geometry()
    """How pictures are resized, cut and mirrored."""
    drawn: PositiveInt | None = None
    """Set: they are given as pictures, for networks that see pictures: outlines of so many pixels on white,
    each in the colour of its class (the omnivore of Radevski et al. 2023: 2).
    """

    @model_validator(mode="after")
    def _sampled_one_way(self) -> Config:
        self.check(self.model_fields_set)
        return self


@dataclass(frozen=True)
class Table:
    """The boxes of one video, frame by frame.

    edges
        (frames, O, 4) float64, as shares of the whole picture; zeros where there is no box.
    classes
        (frames, O) int64; 0 where there is no box.
    """

    edges: np.ndarray
    classes: np.ndarray


class Boxes:
    """One window a sample; ``labels`` are the classes, from class 1 on."""

    workers = 0

    def __init__(
        self, config: Config, found: shown.Shown, tables: Mapping[str, Table], labels: tuple[str, ...]
    ):
        self.config, self.shown, self.tables, self.labels = config, found, tables, labels

    def __len__(self) -> int:
        return len(self.shown.of)

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """The boxes of ``rows``, where they lie in the pictures that (look, row) makes."""
        found = [self._changed(row, look) for row in rows]
        if self.config.drawn is not None:
            size = (self.config.geometry.size, self.config.geometry.size)
            clips = [outlines(boxes, classes, size, self.config.drawn) for boxes, classes in found]
            return Fetched(inputs={"frames": torch.stack([channels_first(clip) for clip in clips])})
        boxes, classes = (torch.from_numpy(np.stack(part)) for part in zip(*found))
        return Fetched(inputs={"boxes": boxes, "classes": classes})

    def digest(self, row: int) -> bytes:
        """Of the boxes, and their classes, that are shown when the row is scored (how they are drawn is a
        setting).
        """
        boxes, classes = self._changed(row, None)
        return hashlib.sha256(boxes.tobytes() + classes.tobytes()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the last frame whose boxes are shown: that it has none says something, too."""
        return self.shown.newest_s(row)

    def weights(self) -> None:
        """All windows are alike."""

    def _changed(self, row: int, look: AnyLook) -> tuple[np.ndarray, np.ndarray]:
        """(T, O, 4) float32 and (T, O) int64."""
        video_id, frames, geometry = self.shown.of[row], self.shown.frames(row, look), self.config.geometry
        change = draw(geometry, look, row)
        table, size = self.tables[video_id], self.shown.videos[video_id].shown_size
        picture = resized(geometry, size, change.side)
        boxes, inside = changed_boxes(geometry, change, table.edges[frames], picture)
        classes = np.where(inside, table.classes[frames], 0)
        return np.where((classes > 0)[..., None], boxes, np.float32(0)), classes


def unseen(config: Config, sources: Sources) -> np.ndarray:
    """(n,) object: why this view cannot show the window of a sample of ``sources.samples``; None where it
    can.
    """
    reasons = shown.unseen(config, RGB, sources, "views.boxes")
    known = pc.unique(sources.need("boxes", "views.boxes")["video_id"])
    boxed = pc.is_in(sources.samples["video_id"], value_set=known).to_numpy(zero_copy_only=False)
    reasons[np.equal(reasons, None) & ~boxed] = "no boxes of its video"
    left = np.equal(reasons, None)
    of = np.array(sources.samples["video_id"].to_pylist(), dtype=object)
    videos = frame_tables(of_modality(sources.need("videos", "views.boxes"), RGB), Path())
    for video_id in sorted(set(of[left].tolist())):
        if wrong := _wrong(_own(sources.boxes, video_id), videos[video_id].pts_s):
            reasons[left & (of == video_id)] = wrong[0]
    return reasons


def build(config: Config, sources: Sources) -> Boxes:
    """The windows of ``sources.samples`` in ``boxes``; the RGB videos say which frame is shown when. Raises
    DataError for a video without any box, a box at a time that no frame has, and edges out of order.
    """
    found = shown.find(config, RGB, sources, "views.boxes")
    boxes = sources.need("boxes", "views.boxes")
    labels = tuple(sorted(pc.unique(boxes["label"]).to_pylist()))
    laid = {}
    for video_id, video in found.videos.items():
        own = _own(boxes, video_id)
        if not own.num_rows:
            raise _bad(video_id, "no box of the video", "boxes of every video", "drop its samples")
        laid[video_id] = _laid_out(video_id, own, video.pts_s, labels)
    most = max((len(one.edges[0]) for one in laid.values()), default=0)
    return Boxes(config, found, {video_id: _padded(one, most) for video_id, one in laid.items()}, labels)


def _own(boxes: pa.Table, video_id: str) -> pa.Table:
    return boxes.filter(pc.equal(boxes["video_id"], video_id))


def _padded(table: Table, most: int) -> Table:
    room = most - len(table.edges[0])
    return Table(np.pad(table.edges, ((0, 0), (0, room), (0, 0))), np.pad(table.classes, ((0, 0), (0, room))))


def _laid_out(video_id: str, boxes: pa.Table, pts_s: np.ndarray, labels: tuple[str, ...]) -> Table:
    """The rows of a video, laid out by frame: each frame's in the order of the table."""
    if wrong := _wrong(boxes, pts_s):
        raise _bad(video_id, *wrong)
    frame, edges = _frames_of(boxes, pts_s), _edges_of(boxes)
    order = np.argsort(frame, kind="stable")
    frame, edges = frame[order], edges[order]
    slot = np.arange(len(frame)) - np.searchsorted(frame, frame)
    number = {label: at for at, label in enumerate(labels, 1)}
    names = boxes["label"].to_pylist()
    shape = (len(pts_s), slot.max() + 1)
    made = Table(np.zeros((*shape, 4)), np.zeros(shape, np.int64))
    made.edges[frame, slot] = edges
    made.classes[frame, slot] = [number[names[at]] for at in order]
    return made


def _wrong(boxes: pa.Table, pts_s: np.ndarray) -> tuple[str, str, str] | None:
    """What is wrong with the boxes of a video, what was expected, and what to do; None where nothing is."""
    times_s, frame, edges = boxes["time_s"].to_numpy(), _frames_of(boxes, pts_s), _edges_of(boxes)
    astray = np.flatnonzero((frame < 0) | (np.abs(pts_s[frame] - times_s) > ROUNDING_S))
    if len(astray):
        what = f"a box at {times_s[astray[0]]:.4f} s, where no frame begins"
        return what, "time stamps of frames", "compare the boxes with the video"
    good = (edges[:, :2] < edges[:, 2:]).all(1) & (edges >= 0).all(1) & (edges <= 1).all(1)
    if not good.all():
        said = ", ".join(f"{edge:g}" for edge in edges[np.flatnonzero(~good)[0]])
        return f"a box with the edges {said}", "0 <= x0 < x1 <= 1, y likewise", "mend the table"
    return None


def _frames_of(boxes: pa.Table, pts_s: np.ndarray) -> np.ndarray:
    """(n,) int64: the last frame that begins by the time of each box; -1 where none does."""
    return np.searchsorted(pts_s, boxes["time_s"].to_numpy() + ROUNDING_S, side="right") - 1


def _edges_of(boxes: pa.Table) -> np.ndarray:
    """(n, 4) float64: x0, y0, x1, y1."""
    return np.stack([boxes[name].to_numpy() for name in ("x0", "y0", "x1", "y1")], axis=1).astype(float)


def _bad(video_id: str, what: str, expected: str, to_do: str) -> DataError:
    return DataError(what, f"boxes: {video_id}", expected, to_do)
