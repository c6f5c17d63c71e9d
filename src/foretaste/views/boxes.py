"""Boxes around the things that are seen in the frames of a sample's window.

    inputs    boxes (B, T, O, 4) float32: x0, y0, x1, y1 as shares of the crop, from 0 to 1
              classes (B, T, O) int64: which label of the table a box has, from 1; 0 where there is no box
              with ``scores``, scores (B, T, O) float32: how sure a detector is, from 0 to 1
              or, where they are ``drawn``, frames (B, T, 3, S, S) uint8: outlines on white

The frames are those that the view ``clip`` shows of the RGB videos with the same ``frames``, ``rate``,
``ticks``, ``sampler`` and ``window``. With the same ``geometry`` the boxes lie where the things do in its
pictures: both are resized, cut and mirrored alike. What reaches over the edge of the crop is cut there; a box
that lies outside stands as none (zeros and class 0) in its place. O is the most boxes that one frame of these
videos has, so none is left out. Classes are the labels of the whole table, sorted.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import torch
from pydantic import PositiveInt, model_validator

from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import box_labels, of_modality
from foretaste.contracts.view import AnyLook, Fetched, Sources
from foretaste.video.drawing import outlines
from foretaste.video.frame_table import FrameTable, frame_tables
from foretaste.video.framed_boxes import Coverage, FramedBoxes, by_video, laid_out, wrong
from foretaste.video.geometry import Geometry, changed_boxes, draw, resized
from foretaste.video.transforms import channels_first
from foretaste.views import shown

#: What it is made from: what a step with this view reads.
SHOWS = "boxes"


class Config(shown.Sampling):
    geometry: Geometry = Geometry()
    """How pictures are resized, cut and mirrored."""
    drawn: PositiveInt | None = None
    """Set: they are given as pictures, for networks that see pictures: outlines of so many pixels on white,
    each in the colour of its class (the omnivore of Radevski et al. 2023: 2).
    """
    scores: bool = False
    """Whether scores are shown, too; a box without one has 1."""

    @model_validator(mode="after")
    def _sampled_one_way(self) -> Config:
        self.check(self.model_fields_set)
        return self

    @model_validator(mode="after")
    def _pictures_have_no_scores(self) -> Config:
        if self.drawn is not None and self.scores:
            raise ValueError("scores have no meaning beside drawn: leave one of them out")
        return self


class Seen(NamedTuple):
    """A window: edges (T, O, 4) float32, classes (T, O) int64, scores (T, O) float32."""

    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray


class Boxes:
    """One window a sample; ``labels`` are the classes, from class 1 on."""

    workers = 0

    def __init__(
        self,
        config: Config,
        found: shown.Shown,
        tables: Mapping[str, FramedBoxes],
        labels: tuple[str, ...],
    ):
        self.config, self.shown, self.tables, self.labels = config, found, tables, labels

    def __len__(self) -> int:
        return len(self.shown.of)

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """The boxes of ``rows``, where they lie in the pictures that (look, row) makes."""
        found = [self._changed(row, look) for row in rows]
        if self.config.drawn is not None:
            size = (self.config.geometry.size, self.config.geometry.size)
            clips = [outlines(one.boxes, one.classes, size, self.config.drawn) for one in found]
            return Fetched(inputs={"frames": torch.stack([channels_first(clip) for clip in clips])})
        shown_parts = Seen._fields if self.config.scores else ("boxes", "classes")
        parts = {name: np.stack([getattr(one, name) for one in found]) for name in shown_parts}
        return Fetched(inputs={name: torch.from_numpy(part) for name, part in parts.items()})

    def digest(self, row: int) -> bytes:
        """Of the boxes, their classes, and their scores if they are shown, when the row is scored (how boxes
        are drawn is a setting).
        """
        seen = self._changed(row, None)
        shown_parts = seen if self.config.scores else (seen.boxes, seen.classes)
        return hashlib.sha256(b"".join(part.tobytes() for part in shown_parts)).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the last frame whose boxes are shown: that it has none says something, too."""
        return self.shown.newest_s(row)

    def weights(self) -> None:
        """All windows are alike."""

    def _changed(self, row: int, look: AnyLook) -> Seen:
        video_id, frames, geometry = self.shown.of[row], self.shown.frames(row, look), self.config.geometry
        change = draw(geometry, look, row)
        table, size = self.tables[video_id], self.shown.videos[video_id].shown_size
        picture = resized(geometry, size, change.side)
        boxes, inside = changed_boxes(geometry, change, table.edges[frames], picture)
        classes = np.where(inside, table.classes[frames], 0)
        there = classes > 0
        return Seen(
            boxes=np.where(there[..., None], boxes, np.float32(0)),
            classes=classes,
            scores=np.where(there, table.scores[frames], np.float32(0)),
        )


def unseen(config: Config, sources: Sources) -> np.ndarray:
    """(n,) object: why this view cannot show the window of a sample of ``sources.samples``; None where it
    can.
    """
    reasons = shown.unseen(config, RGB, sources, "views.boxes")
    own = by_video(sources.need("boxes", "views.boxes"))
    videos = frame_tables(of_modality(sources.need("videos", "views.boxes"), RGB), Path())
    left = np.flatnonzero(np.equal(reasons, None))
    samples = sources.samples.take(pa.array(left))
    for video_id, rows in _rows_of(samples).items():
        if video_id not in own:
            reasons[left[rows]] = "no boxes of its video"
        elif found := wrong(own[video_id], videos[video_id].pts_s):
            reasons[left[rows]] = found.what
        else:
            video = videos[video_id]
            reasons[left[rows]] = _lacking(config, samples.take(pa.array(rows)), video, own[video_id])
    return reasons


def build(config: Config, sources: Sources) -> Boxes:
    """The windows of ``sources.samples`` in ``boxes``; the RGB videos say which frame is shown when. Raises
    DataError for a video without any box, a box at a time that no frame has, edges out of order, scores that
    are none, and windows of which the boxes say nothing.
    """
    found = shown.find(config, RGB, sources, "views.boxes")
    boxes = sources.need("boxes", "views.boxes")
    labels, own, laid = tuple(box_labels(boxes)), by_video(boxes), {}
    for video_id, rows in _rows_of(sources.samples).items():
        video = found.videos[video_id]
        if video_id not in own:
            raise _bad(video_id, "no box of the video", "boxes of every video", "drop its samples")
        if bad := wrong(own[video_id], video.pts_s):
            raise _bad(video_id, *bad)
        lacking = _lacking(config, sources.samples.take(pa.array(rows)), video, own[video_id])
        for reason in filter(None, lacking):
            raise _bad(video_id, reason, "boxes of the frames that are shown", "drop its samples")
        laid[video_id] = laid_out(own[video_id], video.pts_s, labels)
    most = max((one.classes.shape[1] for one in laid.values()), default=0)
    return Boxes(config, found, {video_id: one.padded(most) for video_id, one in laid.items()}, labels)


def _rows_of(samples: pa.Table) -> dict[str, list[int]]:
    """The rows of each video's samples."""
    rows = defaultdict(list)
    for row, video_id in enumerate(samples["video_id"].to_pylist()):
        rows[video_id].append(row)
    return rows


def _lacking(config: Config, samples: pa.Table, video: FrameTable, boxes: pa.Table) -> list[str | None]:
    """Of each of ``samples``, all of one video, why ``boxes`` say nothing of frames that it may show."""
    covered = Coverage.of(boxes, video.pts_s)
    if covered.rows.all():
        return [None] * samples.num_rows
    reasons, video_id = [], samples["video_id"][0].as_py()
    for row in range(samples.num_rows):
        (frames,) = shown.wanted(config, samples.slice(row, 1), {video_id: video}, {}).values()
        reasons.append(covered.lack(frames))
    return reasons


def _bad(video_id: str, what: str, expected: str, to_do: str) -> DataError:
    return DataError(what, f"boxes: {video_id}", expected, to_do)
