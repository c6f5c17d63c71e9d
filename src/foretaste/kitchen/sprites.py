"""Small pictures with transparency: drawn once at four times their size, kept, and laid over a canvas.

Sprites are premultiplied RGBA, uint8 (height, width, 4); canvases are RGB, uint8 (height, width, 3).
"""

from __future__ import annotations

from math import cos, radians, sin

import cv2
import numpy as np

from foretaste.kitchen.style import Colour, Point

#: Sprites are drawn at this many pixels a world unit and averaged down.
FINE = 4


class Brush:
    """Draws one sprite; the origin is its centre, lengths are world units, y points down."""

    def __init__(self, width: int, height: int):
        self.image = np.zeros((height * FINE, width * FINE, 4), np.uint8)
        self.centre = (width / 2, height / 2)

    def ellipse(
        self, at: Point, radii: Point, colour: Colour, angle: float = 0, outline: Colour | None = None
    ) -> None:
        """A filled ellipse, with a thin outline if one is named."""
        axes = (max(1, round(radii[0] * FINE)), max(1, round(radii[1] * FINE)))
        cv2.ellipse(self.image, self._pixel(at), axes, angle, 0, 360, (*colour, 255), -1, cv2.LINE_8)
        if outline:
            cv2.ellipse(self.image, self._pixel(at), axes, angle, 0, 360, (*outline, 255), 3, cv2.LINE_8)

    def arc(
        self, at: Point, radii: Point, start: float, stop: float, colour: Colour, width: float = 1
    ) -> None:
        """Part of the outline of an ellipse, degrees clockwise from the right."""
        axes = (round(radii[0] * FINE), round(radii[1] * FINE))
        cv2.ellipse(
            self.image,
            self._pixel(at),
            axes,
            0,
            start,
            stop,
            (*colour, 255),
            max(1, round(width * FINE)),
            cv2.LINE_8,
        )

    def polygon(self, points: list[Point], colour: Colour, outline: Colour | None = None) -> None:
        """A filled polygon."""
        corners = np.array([self._pixel(point) for point in points], np.int32)
        cv2.fillPoly(self.image, [corners], (*colour, 255), cv2.LINE_8)
        if outline:
            cv2.polylines(self.image, [corners], True, (*outline, 255), 3, cv2.LINE_8)

    def box(
        self, at: Point, size: Point, colour: Colour, angle: float = 0, outline: Colour | None = None
    ) -> None:
        """A filled rectangle about its centre."""
        c, s = cos(radians(angle)), sin(radians(angle))
        half = [(size[0] / 2 * i, size[1] / 2 * j) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        self.polygon([(at[0] + c * x - s * y, at[1] + s * x + c * y) for x, y in half], colour, outline)

    def line(self, start: Point, stop: Point, colour: Colour, width: float = 1) -> None:
        """A straight line with round ends."""
        cv2.line(
            self.image,
            self._pixel(start),
            self._pixel(stop),
            (*colour, 255),
            max(1, round(width * FINE)),
            cv2.LINE_8,
        )

    def sprite(self) -> np.ndarray:
        """The picture at one pixel a unit, premultiplied."""
        height, width = self.image.shape[:2]
        return cv2.resize(self.image, (width // FINE, height // FINE), interpolation=cv2.INTER_AREA)

    def _pixel(self, point: Point) -> tuple[int, int]:
        return round((point[0] + self.centre[0]) * FINE), round((point[1] + self.centre[1]) * FINE)


def turned(sprite: np.ndarray, angle: float, scale: float = 1.0) -> np.ndarray:
    """The sprite turned by ``angle`` degrees clockwise and scaled, on a square big enough for it."""
    height, width = sprite.shape[:2]
    side = int(np.hypot(height, width) * scale) + 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, scale)
    matrix[:, 2] += (side / 2 - width / 2, side / 2 - height / 2)
    return cv2.warpAffine(sprite, matrix, (side, side), flags=cv2.INTER_LINEAR)


def lay(canvas: np.ndarray, sprite: np.ndarray, x: float, y: float) -> None:
    """Lay a sprite over the canvas with its centre at (x, y); what sticks out is cut off."""
    height, width = sprite.shape[:2]
    left, top = round(x - width / 2), round(y - height / 2)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, canvas.shape[1]), min(top + height, canvas.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
    under = canvas[y0:y1, x0:x1]
    clear = cv2.merge([255 - part[..., 3]] * 3)
    cv2.add(part[..., :3], cv2.multiply(under, clear, scale=1 / 255), dst=under)


def shaded(colour: Colour, factor: float) -> Colour:
    """A darker (factor < 1) or lighter colour."""
    return tuple(max(0, min(255, round(channel * factor))) for channel in colour)  # type: ignore[return-value]


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """``share`` of the second colour in the first."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))  # type: ignore[return-value]
