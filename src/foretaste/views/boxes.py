"""Boxes around the things that are seen in the frames of a sample's window.

    inputs    boxes (B, T, O, 4) float32: x0, y0, x1, y1 as shares of the crop, from 0 to 1
              classes (B, T, O) int64: which label of the table a box has, from 1; 0 where there is no box

The frames are those that the view ``clip`` shows of the RGB videos with the same ``frames``, ``rate``,
``ticks`` and ``window``. With the same ``geometry`` the boxes lie where the things do in its pictures: both
are resized, cut and mirrored alike. What reaches over the edge of the crop is cut there; a box that lies
outside stands as none (zeros and class 0) in its place. O is the most boxes that one frame of these videos
has, so none is left out. Classes are the labels of the whole table, sorted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from pydantic import PositiveFloat, PositiveInt

from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import RGB
from foretaste.contracts.view import Fetched, Look, Sources
from foretaste.pipeline.options import Options
from foretaste.video.geometry import Change, Geometry, changed_boxes, draw, resized
from foretaste.video.windows import PUBLISHED_CLOCK_FPS
from foretaste.views import shown

#: What it is made from: what a step with this view reads.
SHOWS = "boxes"

#: Time stamps that are this near are the same: Matroska and WebM round them to milliseconds.
ROUNDING_S = 1e-3


class Config(Options):
    frames: PositiveInt = 10
    """T."""
    rate: PositiveFloat = 1.0
    """Frames a second; it divides `ticks`."""
    ticks: PositiveFloat = float(PUBLISHED_CLOCK_FPS)
    """Windows end at a multiple of 1 / ticks seconds."""
    window: shown.Window = "observed"
    """Which window is shown: what may be seen of the past, or `target`, the action itself (teachers only)."""
    geometry: Geometry = Geometry()
    """How pictures are resized, cut and mirrored."""


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

    def fetch(self, rows: Sequence[int], look: Look | None = None) -> Fetched:
        """The boxes of ``rows``, where they lie in the pictures that (look, row) makes."""
        found = [self._changed(row, draw(self.config.geometry, look, row)) for row in rows]
        boxes, classes = (torch.from_numpy(np.stack(part)) for part in zip(*found))
        return Fetched(inputs={"boxes": boxes, "classes": classes})

    def digest(self, row: int) -> bytes:
        """Of the boxes, and their classes, that are shown when the row is scored."""
        boxes, classes = self._changed(row, draw(self.config.geometry, None, row))
        return hashlib.sha256(boxes.tobytes() + classes.tobytes()).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the last frame whose boxes are shown: that it has none says something, too."""
        return float(self.shown.pts_s(row).max())

    def weights(self) -> None:
        """All windows are alike."""

    def _changed(self, row: int, change: Change) -> tuple[np.ndarray, np.ndarray]:
        """(T, O, 4) float32 and (T, O) int64."""
        video_id, frames, geometry = self.shown.of[row], self.shown.frames(row), self.config.geometry
        table, size = self.tables[video_id], self.shown.videos[video_id].shown_size
        picture = resized(geometry, size, change.side)
        boxes, inside = changed_boxes(geometry, change, table.edges[frames], picture)
        classes = np.where(inside, table.classes[frames], 0)
        return np.where((classes > 0)[..., None], boxes, np.float32(0)), classes


def unseen(config: Config, sources: Sources) -> np.ndarray:
    """(n,) object: why this view cannot show the window of a sample of ``sources.samples``; None where it
    can.
    """
    reasons = shown.unseen(_sampling(config), sources, "views.boxes")
    known = pc.unique(sources.need("boxes", "views.boxes")["video_id"])
    boxed = pc.is_in(sources.samples["video_id"], value_set=known).to_numpy(zero_copy_only=False)
    reasons[(reasons == None) & ~boxed] = "no boxes of its video"  # noqa: E711 (element by element)
    return reasons


def build(config: Config, sources: Sources) -> Boxes:
    """The windows of ``sources.samples`` in ``boxes``; the RGB videos say which frame is shown when. Raises
    DataError for a video without any box, a box at a time that no frame has, and edges out of order.
    """
    found = shown.find(_sampling(config), sources, "views.boxes")
    boxes = sources.need("boxes", "views.boxes")
    labels = tuple(sorted(pc.unique(boxes["label"]).to_pylist()))
    laid = {}
    for video_id, video in found.videos.items():
        own = boxes.filter(pc.equal(boxes["video_id"], video_id))
        if not own.num_rows:
            raise _bad(video_id, "no box of the video", "boxes of every video", "drop its samples")
        laid[video_id] = _laid_out(video_id, own, video.pts_s, labels)
    most = max((len(one.edges[0]) for one in laid.values()), default=0)
    return Boxes(config, found, {video_id: _padded(one, most) for video_id, one in laid.items()}, labels)


def _padded(table: Table, most: int) -> Table:
    room = most - len(table.edges[0])
    return Table(np.pad(table.edges, ((0, 0), (0, room), (0, 0))), np.pad(table.classes, ((0, 0), (0, room))))


def _laid_out(video_id: str, boxes: pa.Table, pts_s: np.ndarray, labels: tuple[str, ...]) -> Table:
    """The rows of a video, laid out by frame: each frame's in the order of the table."""
    times_s = boxes["time_s"].to_numpy()
    frame = np.searchsorted(pts_s, times_s + ROUNDING_S, side="right") - 1
    wrong = np.flatnonzero((frame < 0) | (np.abs(pts_s[frame] - times_s) > ROUNDING_S))
    if len(wrong):
        what = f"a box at {times_s[wrong[0]]:.4f} s, where no frame begins"
        raise _bad(video_id, what, "time stamps of frames", "compare the boxes with the video")
    edges = np.stack([boxes[name].to_numpy() for name in ("x0", "y0", "x1", "y1")], axis=1).astype(float)
    good = (edges[:, :2] < edges[:, 2:]).all(1) & (edges >= 0).all(1) & (edges <= 1).all(1)
    if not good.all():
        said = ", ".join(f"{edge:g}" for edge in edges[np.flatnonzero(~good)[0]])
        raise _bad(
            video_id, f"a box with the edges {said}", "0 <= x0 < x1 <= 1, y likewise", "mend the table"
        )
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


def _bad(video_id: str, what: str, expected: str, to_do: str) -> DataError:
    return DataError(what, f"boxes: {video_id}", expected, to_do)


def _sampling(config: Config) -> shown.Sampling:
    return shown.Sampling(
        modality=RGB, window=config.window, frames=config.frames, rate=config.rate, ticks=config.ticks
    )
