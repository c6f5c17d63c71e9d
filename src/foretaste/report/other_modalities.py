"""What models saw and heard of a sample beside its frames: the optical flow to the frames of its strip, as
colours, the boxes of the things in them, on white, and the sound around them, high pitches at the top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.tables import box_labels, read_boxes
from foretaste.report.filmstrips import WIDTH, Frame, data_uri
from foretaste.video.drawing import coloured, outlines
from foretaste.video.flow import Method, flow_before
from foretaste.video.frame_table import FrameTable
from foretaste.video.sound import RATE, heard
from foretaste.video.windows import shown_at

#: Pixels of the outlines of boxes.
LINE = 3

#: Seconds of sound around a frame where the view does not say.
LENGTH_S = 1.116


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
    sound
        Settings of the view ``audio``; None: no model hears.
    """

    flow: Method | None
    boxes: pa.Table | None
    sound: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, settings: Mapping[str, Any], boxes: Path | None) -> OtherModalities:
        """``settings``: of the report; ``boxes``: where the table lies."""
        table = None if boxes is None else read_boxes(boxes)
        return cls(settings.get("flow"), table, settings.get("sound"))

    def strips(
        self, video_id: str, video: FrameTable, seen: tuple[Frame, ...], target_s: float, stop_s: float
    ) -> tuple[Strip, ...]:
        """A strip each, of the frames of a sample's film; nothing that is heard after ``stop_s``."""
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
        if self.sound is not None:
            pictures = _sounds(self.sound, video, video.pts_s[frames], stop_s, size)
            found.append(Strip("sound", _film(seen, pictures)))
        return tuple(found)

    def _number(self, label: str) -> int:
        """The class that the view ``boxes`` gives a label."""
        return 1 + box_labels(self.boxes).index(label)


def _size(video: FrameTable) -> tuple[int, int]:
    height, width = video.shown_size
    return round(WIDTH * height / width), WIDTH


def _film(seen: tuple[Frame, ...], pictures: list[np.ndarray]) -> tuple[Frame, ...]:
    return tuple(Frame(frame.before_s, data_uri(picture)) for frame, picture in zip(seen, pictures))


def _boxes_at(
    boxes: pa.Table, number: Callable[[str], int], time_s: float, size: tuple[int, int]
) -> np.ndarray:
    near = boxes.filter(pa.array(np.abs(boxes["time_s"].to_numpy() - time_s) < 1e-3))
    near = near.filter(pc.is_valid(near["label"]))
    edges = np.stack([near[name].to_numpy() for name in ("x0", "y0", "x1", "y1")], axis=1)
    classes = np.array([number(label) for label in near["label"].to_pylist()], dtype=np.int64)
    (picture,) = outlines(edges[None], classes[None], size, LINE)
    return picture


def _sounds(
    settings: Mapping[str, Any], video: FrameTable, times_s: np.ndarray, stop_s: float, size: tuple[int, int]
) -> list[np.ndarray]:
    """(H, W, 3) uint8 of each time: the log-mel picture of the sound around it."""
    import torch  # takes seconds to import

    from foretaste.video.mel import Mel, picture

    length_s = settings.get("length_s", LENGTH_S)
    count, pieces = round(length_s * RATE), []
    for time_s in times_s:
        samples = np.zeros(count, np.float32)
        known = heard(video, time_s - length_s / 2, min(time_s + length_s / 2, stop_s))[:count]
        samples[: len(known)] = known
        pieces.append(samples)
    grey = picture(torch.from_numpy(np.stack(pieces)), Mel(**settings.get("mel", {})), RATE, max(size))
    coloured_in = [cv2.applyColorMap(one, cv2.COLORMAP_MAGMA) for one in grey.flip(1).numpy()]
    return [cv2.cvtColor(cv2.resize(one, size[::-1]), cv2.COLOR_BGR2RGB) for one in coloured_in]
