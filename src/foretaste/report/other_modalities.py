"""What models saw of a sample beside its frames: the optical flow to the frames of its strip, as colours, and
the boxes of the things in them, on white.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.tables import read_boxes
from foretaste.report.filmstrips import WIDTH, Frame, data_uri
from foretaste.video.drawing import coloured, outlines
from foretaste.video.flow import Method, flow_before
from foretaste.video.frame_table import FrameTable
from foretaste.video.windows import shown_at

#: Pixels of the outlines of boxes.
LINE = 3


@dataclass(frozen=True)
class Strip:
    """One row of pictures and what it is called."""

    name: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class OtherModalities:
    """What there is to show.

    flow
        How optical flow is computed; None: no model sees any, or the dataset has videos of it.
    boxes
        The table of boxes (BOXES of ``contracts.tables``); None: no model sees any.
    """

    flow: Method | None
    boxes: pa.Table | None

    @classmethod
    def read(cls, flow: Method | None, boxes: Path | None) -> OtherModalities:
        """``boxes``: where the table lies."""
        return cls(flow, None if boxes is None else read_boxes(boxes))

    def strips(
        self, video_id: str, video: FrameTable, seen: tuple[Frame, ...], target_s: float
    ) -> tuple[Strip, ...]:
        """A strip each, of the frames of a sample's film."""
        times_s = np.array([frame.before_s + target_s for frame in seen])
        # Time stamps of frames, with a rounding.
        frames = shown_at(video.pts_s, times_s + 1e-6)
        size = _size(video)
        found = []
        if self.flow is not None:
            motion = dict(flow_before(video, np.unique(frames), size, self.flow))
            pictures = [coloured(motion[frame]) for frame in frames.tolist()]
            found.append(Strip("optical flow", _film(seen, pictures)))
        if self.boxes is not None:
            own = self.boxes.filter(pc.equal(self.boxes["video_id"], video_id))
            pictures = [_boxes_at(own, self._number, video.pts_s[frame], size) for frame in frames]
            found.append(Strip("boxes", _film(seen, pictures)))
        return tuple(found)

    def _number(self, label: str) -> int:
        """The class that the view ``boxes`` gives a label."""
        return 1 + sorted(pc.unique(self.boxes["label"]).to_pylist()).index(label)


def _size(video: FrameTable) -> tuple[int, int]:
    height, width = video.shown_size
    return round(WIDTH * height / width), WIDTH


def _film(seen: tuple[Frame, ...], pictures: list[np.ndarray]) -> tuple[Frame, ...]:
    return tuple(Frame(frame.before_s, data_uri(picture)) for frame, picture in zip(seen, pictures))


def _boxes_at(
    boxes: pa.Table, number: Callable[[str], int], time_s: float, size: tuple[int, int]
) -> np.ndarray:
    near = boxes.filter(pa.array(np.abs(boxes["time_s"].to_numpy() - time_s) < 1e-3))
    edges = np.stack([near[name].to_numpy() for name in ("x0", "y0", "x1", "y1")], axis=1)
    classes = np.array([number(label) for label in near["label"].to_pylist()], dtype=np.int64)
    (picture,) = outlines(edges[None], classes[None], size, LINE)
    return picture
