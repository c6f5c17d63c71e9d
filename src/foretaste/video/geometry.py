"""Which part of a picture is shown, and whether it is mirrored: alike for RGB, for flow and for boxes.

Pictures of all modalities are resized until their shorter side has one length, then a square is cut out. In
training the length, the place of the square and the mirroring are drawn once a sample, as a function of
(look, row) alone: views that have one geometry show the same part, mirrored alike, under one look. A crop's
place is a share of the room there is, so it is the same part of pictures of another size, too, but not of
another shape (``of_one_shape``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from foretaste.contracts.view import AnyLook, Crop, FixedView, Look
from foretaste.settings.options import Options
from foretaste.video.transforms import Picture, covering

#: The places of crops as shares of the room there is; None: the centre.
CROPS: dict[Crop, tuple[float, float] | None] = {
    "top_left": (0.0, 0.0),
    "centre": None,
    "bottom_right": (1.0, 1.0),
}


#: The level of flow that is no motion.
_STILL = 128

#: By what the width of a picture may differ from what its height and the shape of another ask for: a share of
#: it, and pixels.
_ROUNDED, _ROUNDED_PIXELS = 0.02, 2


class Geometry(Options):
    """How pictures are resized, cut and mirrored."""

    size: PositiveInt = 224
    """S, height and width of what the network sees."""
    scoring_side: PositiveInt = 248
    """Length that the shorter side of a picture is resized to before its centre is cut out; in pixels."""
    training_sides: tuple[PositiveInt, PositiveInt] = (248, 280)
    """In training: shortest and longest such length (both included); the crop then lies anywhere."""
    flip: float = Field(0.5, ge=0, le=1)
    """Probability of mirroring, left to right, in training."""
    as_published: bool = False
    """As the code of Radevski et al. 2023 has it: boxes are those of the whole picture, whatever part of it
    is shown, and in a mirrored picture flow keeps the sign of u.
    """

    @model_validator(mode="after")
    def _crops_fit(self) -> Geometry:
        shortest, longest = self.training_sides
        if not self.size <= self.scoring_side or not self.size <= shortest <= longest:
            raise ValueError("sides are at least the size, and training_sides is (shortest, longest)")
        return self


class Change(NamedTuple):
    """What is done to all pictures of a sample: their shorter side, whether they are mirrored, and where the
    crop lies (shares of the room below and to the right; None: centre).
    """

    side: int
    flip: bool = False
    place: tuple[float, float] | None = None


def draw(geometry: Geometry, look: AnyLook, row: int) -> Change:
    """What becomes of row ``row`` under ``look``; without a look its centre is shown, as scored."""
    if not isinstance(look, Look):
        fixed = look or FixedView()
        return Change(geometry.scoring_side, fixed.flip, CROPS[fixed.crop])
    random = np.random.default_rng((look.seed, look.epoch, row))
    shortest, longest = geometry.training_sides
    side = int(random.integers(shortest, longest, endpoint=True))
    return Change(
        side=side, flip=bool(random.random() < geometry.flip), place=(random.random(), random.random())
    )


def of_one_shape(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether pictures of two sizes (H, W) are as wide for their height, but for what sizes are rounded to: a
    fiftieth, or two pixels of the smaller one.
    """
    (height, width), (other_height, other_width) = sorted((size, other))
    wanted = height * other_width / other_height
    return abs(width - wanted) <= max(_ROUNDED * wanted, _ROUNDED_PIXELS)


def resized(geometry: Geometry, shown_size: tuple[int, int], side: int) -> tuple[int, int]:
    """(H, W) that a picture of ``shown_size`` (H, W) is decoded to, its shorter side being ``side``."""
    size = geometry.size
    return covering(shown_size, Picture(height=size, width=size, margin=side / size))


def changed(geometry: Geometry, change: Change, frames: np.ndarray) -> np.ndarray:
    """RGB pictures (T, H, W, 3) uint8, resized before -> (T, S, S, 3)."""
    size = geometry.size
    top, left = _corner(size, change, frames.shape[1:3])
    crop = frames[:, top : top + size, left : left + size]
    return crop[:, :, ::-1] if change.flip else crop


def changed_flow(geometry: Geometry, change: Change, frames: np.ndarray) -> np.ndarray:
    """Flow as pictures (T, H, W, 3) uint8, whose first two channels are u (to the right) and v (downwards)
    with 128 for no motion -> (T, S, S, 2).

    In a mirrored picture things move the other way: what ``video/flow.py`` makes of -x is 255 less what it
    makes of x, but that no motion, which would be 127.5, is 128 both ways. Flow images of dense_flow (TSN's,
    EPIC-KITCHENS's) have the same levels. ``as_published`` they keep their u, mirrored or not: the code of
    Radevski et al. 2023 does not change its sign.
    """
    flow = changed(geometry, change, frames[..., :2])
    if not change.flip or geometry.as_published:
        return flow
    u = flow[..., 0]
    return np.stack((np.where(u == _STILL, u, 255 - u), flow[..., 1]), axis=-1)


def changed_boxes(
    geometry: Geometry, change: Change, boxes: np.ndarray, resized_to: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (..., 4) float, x0, y0, x1, y1 as shares of the whole picture, which is resized to ``resized_to``
    (H, W) -> boxes (..., 4) float32 as shares of the crop, cut at its edge; and (...) bool, whether anything
    of them lies in it. ``as_published`` they stay as they are.
    """
    if geometry.as_published:
        return boxes.astype(np.float32), np.ones(boxes.shape[:-1], dtype=bool)
    height, width = resized_to
    top, left = _corner(geometry.size, change, resized_to)
    x = (boxes[..., [0, 2]] * width - left) / geometry.size
    y = (boxes[..., [1, 3]] * height - top) / geometry.size
    if change.flip:
        x = 1 - x[..., ::-1]
    edges = np.stack((x[..., 0], y[..., 0], x[..., 1], y[..., 1]), axis=-1).clip(0, 1)
    inside = (edges[..., 0] < edges[..., 2]) & (edges[..., 1] < edges[..., 3])
    return edges.astype(np.float32), inside


def _corner(size: int, change: Change, resized_to: tuple[int, ...]) -> tuple[int, int]:
    """The crop's first row and column in a picture of ``resized_to`` (H, W)."""
    height, width = resized_to
    if change.place is None:
        return (height - size) // 2, (width - size) // 2
    return tuple(
        min(int(share * (room + 1)), room) for share, room in zip(change.place, (height - size, width - size))
    )
