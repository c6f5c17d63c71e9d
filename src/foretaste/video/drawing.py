"""What is no picture, as pictures: boxes as outlines on white, each in the colour of its class (the omnivore
of Radevski et al. 2023); optical flow as colours.
"""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

WHITE = 255

#: From one class to the next around the circle of hues: the golden ratio, which puts neighbours far apart.
_TURN = 0.61803398875


def outlines(boxes: np.ndarray, classes: np.ndarray, size: tuple[int, int], line: int) -> np.ndarray:
    """Pictures (T, H, W, 3) uint8 of ``size`` (H, W) of boxes (T, O, 4), x0, y0, x1, y1 as shares of the
    picture, and their classes (T, O), 0 where there is none.

    Outlines are ``line`` pixels wide and drawn inwards, in order: where two meet, the later one is seen. A
    box of fewer pixels than its outline is filled.
    """
    pictures = np.full((len(boxes), *size, 3), WHITE, dtype=np.uint8)
    height, width = size
    pixels = np.rint(boxes * [width, height, width, height]).astype(int)
    for picture, edges, numbers in zip(pictures, pixels, classes):
        for (x0, y0, x1, y1), number in zip(edges, numbers):
            if number:
                _outline(picture[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)], colour(int(number)), line)
    return pictures


def colour(number: int) -> tuple[int, int, int]:
    """R, G, B of a class, from 1 on: never white, nor near it."""
    parts = colorsys.hsv_to_rgb(number * _TURN % 1, 1.0, 1.0 if number % 2 else 0.65)
    red, green, blue = (round(255 * part) for part in parts)
    return red, green, blue


def coloured(flow: np.ndarray) -> np.ndarray:
    """Flow (H, W, 2) uint8, u and v with 128 for no motion -> (H, W, 3) uint8: the hue tells the direction
    (red: to the right), white stands still, and a quarter of the largest motion that bytes hold is the
    fullest colour.
    """
    u, v = (flow[..., axis].astype(np.float32) - 128 for axis in (0, 1))
    hue = np.rint(np.arctan2(v, u) % (2 * np.pi) * (90 / np.pi)) % 180  # OpenCV's hues: 0 to 179
    speed = np.minimum(np.hypot(u, v) / 32, 1)
    picture = np.stack((hue, 255 * speed, np.full_like(hue, 255)), axis=-1)
    return cv2.cvtColor(np.rint(picture).astype(np.uint8), cv2.COLOR_HSV2RGB)


def _outline(place: np.ndarray, shade: tuple[int, int, int], line: int) -> None:
    """Paint the edge of ``place`` (h, w, 3), which is a part of a picture."""
    inside = place[line:-line, line:-line].copy()
    place[:] = shade
    place[line:-line, line:-line] = inside
