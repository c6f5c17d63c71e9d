"""The pictures of things: painted when first asked for, then kept."""

from __future__ import annotations

import cv2
import numpy as np

from foretaste.kitchen.food import paint_food
from foretaste.kitchen.scene import Thing
from foretaste.kitchen.sprites import Brush, turned
from foretaste.kitchen.style import Style
from foretaste.kitchen.utensils import RADIUS, paint_tool, paint_vessel


class Pictures:
    """Sprites in the colours of one kitchen."""

    def __init__(self, style: Style):
        self.style = style
        self._sprites: dict[tuple, np.ndarray] = {}
        self._extents: dict[tuple, tuple[int, int, int, int]] = {}

    def sprite(self, thing: Thing) -> np.ndarray:
        """The picture of a thing: premultiplied RGBA, its centre is the thing's place."""
        key = _key(thing)
        if key not in self._sprites:
            flat = (*key[:4], 0, 1.0)
            if flat not in self._sprites:
                self._sprites[flat] = _paint(thing, self.style)
            if key != flat:
                self._sprites[key] = turned(self._sprites[flat], key[4], key[5])
        return self._sprites[key]

    def extent(self, thing: Thing) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what is painted, from the thing's place, in world units."""
        key = _key(thing)
        if key not in self._extents:
            sprite = self.sprite(thing)
            left, top, width, height = cv2.boundingRect((sprite[..., 3] > 128).astype(np.uint8))
            dx, dy = left - sprite.shape[1] // 2, top - sprite.shape[0] // 2
            self._extents[key] = dx, dy, dx + width, dy + height
        return self._extents[key]


def _key(thing: Thing) -> tuple:
    """What a picture depends on; angles in steps of 6 degrees and scales of 1/20 keep the pictures few."""
    angle, scale = round(thing.angle / 6) * 6 % 360, round(thing.scale * 20) / 20
    return thing.noun, thing.look, thing.contents, thing.mixed, angle, scale


def _paint(thing: Thing, style: Style) -> np.ndarray:
    if thing.noun in RADIUS:
        brush = Brush(164, 120)
        paint_vessel(brush, thing.noun, thing.contents, thing.mixed, style)
    elif thing.noun in ("knife", "spoon", "peeler", "grater"):
        brush = Brush(100, 84)
        paint_tool(brush, thing.noun, style)
    else:
        brush = Brush(84, 76)
        paint_food(brush, thing.noun, thing.look)
    return _with_shadow(brush.sprite())


def _with_shadow(sprite: np.ndarray) -> np.ndarray:
    """A soft shadow to the lower right, under the picture."""
    solid = sprite[..., 3]
    shift = np.array([[1, 0, 3], [0, 1, 4]], np.float64)
    shadow = cv2.GaussianBlur(cv2.warpAffine(solid, shift, solid.shape[::-1]), (7, 7), 0)
    under = cv2.multiply(shadow, 255 - solid, scale=0.42 / 255)
    return cv2.merge([*cv2.split(sprite)[:3], cv2.add(solid, under)])
