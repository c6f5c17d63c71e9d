"""Rows of BOXES (``contracts.tables``), frame by frame: checked, laid out, and which frames they say nothing
of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.tables import box_labels

#: Time stamps that are this near are the same: Matroska and WebM round them to milliseconds.
ROUNDING_S = 1e-3

_EDGES = ("x0", "y0", "x1", "y1")


class Wrong(NamedTuple):
    """What is wrong with the boxes of a video, what was expected, and what to do."""

    what: str
    expected: str
    to_do: str


@dataclass(frozen=True)
class FramedBoxes:
    """The boxes of one video.

    edges
        (frames, O, 4) float64, as shares of the whole picture; zeros where there is no box.
    classes
        (frames, O) int64; 0 where there is no box.
    scores
        (frames, O) float32; 1 where nobody says how sure it is, 0 where there is no box.
    """

    edges: np.ndarray
    classes: np.ndarray
    scores: np.ndarray

    def padded(self, most: int) -> FramedBoxes:
        """With room for ``most`` boxes in a frame."""
        room = (0, most - self.classes.shape[1])
        return FramedBoxes(
            edges=np.pad(self.edges, ((0, 0), room, (0, 0))),
            classes=np.pad(self.classes, ((0, 0), room)),
            scores=np.pad(self.scores, ((0, 0), room)),
        )


@dataclass(frozen=True)
class Coverage:
    """Which frames of a video the table has rows of.

    pts_s
        (frames,) float64: when each frame is shown.
    rows
        (frames,) bool: whether there are any of it.
    said
        Whether somebody says that the others were not looked at.
    """

    pts_s: np.ndarray
    rows: np.ndarray
    said: bool

    @classmethod
    def of(cls, boxes: pa.Table, pts_s: np.ndarray) -> Coverage:
        """That of the rows of one video, at least one, with which nothing is ``wrong``."""
        rows = np.zeros(len(pts_s), dtype=bool)
        rows[_frames_of(boxes, pts_s)] = True
        return cls(pts_s, rows, boxes["label"].null_count > 0)

    def lack(self, frames: np.ndarray) -> str | None:
        """Why nothing is known of ``frames`` (n,), ascending, at least one; None where that cannot be said of
        any of them.
        """
        first, last = np.flatnonzero(self.rows)[[0, -1]]
        first_s, last_s = self.pts_s[[first, last]]
        begin_s, end_s = self.pts_s[frames[[0, -1]]]
        if last < frames[0]:
            return f"its boxes end at {last_s:.2f} s, before the window ({begin_s:.2f} s)"
        if first > frames[-1]:
            return f"its boxes begin at {first_s:.2f} s, after the window ({end_s:.2f} s)"
        missed = frames[~self.rows[frames]]
        if not (self.said and len(missed)):
            return None
        if missed[0] > last:
            return f"its boxes end at {last_s:.2f} s, before the last frame of the window ({end_s:.2f} s)"
        return f"nobody looked for boxes in its frame at {self.pts_s[missed[0]]:.2f} s"


def by_video(boxes: pa.Table) -> dict[str, pa.Table]:
    """The rows of each video, in their order."""
    names = boxes["video_id"].combine_chunks().dictionary_encode()
    numbers = names.indices.to_numpy()
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(len(names.dictionary) + 1))
    ordered = boxes.take(pa.array(order))
    videos = names.dictionary.to_pylist()
    return {
        video_id: ordered.slice(start, stop - start)
        for video_id, start, stop in zip(videos, starts.tolist(), starts[1:].tolist())
    }


def laid_out(boxes: pa.Table, pts_s: np.ndarray, labels: tuple[str, ...]) -> FramedBoxes:
    """The rows of a video with which nothing is ``wrong``: each frame's boxes in the order of the table,
    their classes those of ``labels``, from 1.
    """
    boxes = _things(boxes)
    order = np.argsort(_frames_of(boxes, pts_s), kind="stable")
    boxes = boxes.take(pa.array(order))
    frame = _frames_of(boxes, pts_s)
    slot = np.arange(len(frame)) - np.searchsorted(frame, frame)
    number = {label: at for at, label in enumerate(labels, 1)}
    shape = (len(pts_s), slot.max(initial=-1) + 1)
    made = FramedBoxes(np.zeros((*shape, 4)), np.zeros(shape, np.int64), np.zeros(shape, np.float32))
    made.edges[frame, slot] = _edges_of(boxes)
    made.classes[frame, slot] = [number[label] for label in boxes["label"].to_pylist()]
    made.scores[frame, slot] = pc.fill_null(boxes["score"], 1.0).to_numpy()
    return made


def wrong(boxes: pa.Table, pts_s: np.ndarray) -> Wrong | None:
    """What is wrong with the rows of a video whose frames are shown at ``pts_s``; None where nothing is.

    Things that nobody tells apart may lie in one place. A box twice is one of a track, or one of a video all
    of whose boxes are.
    """
    times_s, frame = boxes["time_s"].to_numpy(), _frames_of(boxes, pts_s)
    near = (frame >= 0) & (np.abs(pts_s[frame] - times_s) <= ROUNDING_S)
    if not near.all():
        what = f"a box at {times_s[~near][0]:.4f} s, where no frame begins"
        return Wrong(what, "time stamps of frames", "compare the boxes with the video")
    for check in (_empty_row, _label, _edges, _score, _twice):
        if found := check(boxes):
            what, expected = found
            return Wrong(what, expected, "mend the table")
    return None


def _empty_row(boxes: pa.Table) -> tuple[str, str] | None:
    others = boxes.filter(pc.is_null(boxes["label"])).select([*_EDGES, "track", "score"])
    if any(column.null_count < len(column) for column in others.columns):
        return "a box without a label", "a label, or a row with nothing but video and time"
    return None


def _label(boxes: pa.Table) -> tuple[str, str] | None:
    labels = box_labels(boxes)
    if not all(map(str.strip, labels)):
        return "a box with an empty label", "what the thing is called"
    hidden = [label for label in labels if not label.isprintable()]
    if hidden:  # two labels that look alike would be two classes
        return f"a box with the label {hidden[0]!r}", "no control or invisible characters"
    return None


def _edges(boxes: pa.Table) -> tuple[str, str] | None:
    edges = _edges_of(_things(boxes))
    good = (edges[:, :2] < edges[:, 2:]).all(1) & (edges >= 0).all(1) & (edges <= 1).all(1)
    if good.all():
        return None
    said = ", ".join(f"{edge:g}" for edge in edges[~good][0])
    return f"a box with the edges {said}", "0 <= x0 < x1 <= 1, y likewise"


def _score(boxes: pa.Table) -> tuple[str, str] | None:
    scores = boxes["score"].drop_null().to_numpy()
    good = (scores >= 0) & (scores <= 1)
    return None if good.all() else (f"a box with the score {scores[~good][0]:g}", "0 to 1, or null")


def _twice(boxes: pa.Table) -> tuple[str, str] | None:
    key = ["time_s", "track", "label", *_EDGES]
    alike = _things(boxes).group_by(key).aggregate([([], "count_all")])
    often = alike.filter(pc.greater(alike["count_all"], 1))
    if len(often) < len(alike):
        often = often.filter(pc.is_valid(often["track"]))
    return (f"a box twice at {often['time_s'][0].as_py():.4f} s", "each box once") if len(often) else None


def _things(boxes: pa.Table) -> pa.Table:
    """Without the rows that say only that somebody looked."""
    return boxes.filter(pc.is_valid(boxes["label"]))


def _frames_of(boxes: pa.Table, pts_s: np.ndarray) -> np.ndarray:
    """(n,) int64: the last frame that begins by the time of each row; -1 where none does."""
    return np.searchsorted(pts_s, boxes["time_s"].to_numpy() + ROUNDING_S, side="right") - 1


def _edges_of(boxes: pa.Table) -> np.ndarray:
    """(n, 4) float64: x0, y0, x1, y1."""
    return np.stack([boxes[name].to_numpy() for name in _EDGES], axis=1).astype(float)
