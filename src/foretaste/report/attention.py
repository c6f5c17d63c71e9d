"""What a place of one feature map finds in another, laid over the frames that the map was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from foretaste.video.decode import frames_at
from foretaste.video.frame_table import FrameTable, confirmed
from foretaste.video.windows import last_moment, window_indices

#: Height and width of a picture in pixels, and how bright it is where nothing is attended to.
SIDE, DARK = 168, 0.35


def longest(places: np.ndarray) -> tuple[int, int]:
    """Row and column of the place (T, H, W, D) of the last time whose vector is longest."""
    lengths = np.linalg.norm(places[-1], axis=-1)
    row, column = np.unravel_index(int(lengths.argmax()), lengths.shape)
    return int(row), int(column)


def weights(query: np.ndarray, places: np.ndarray) -> np.ndarray:
    """softmax over the places (T, H, W, D) of q . m / sqrt(D), for a query (D,): (T, H, W), which is what
    attentional pooling weighs them by.
    """
    likeness = places.astype(np.float64) @ query.astype(np.float64) / np.sqrt(len(query))
    weight = np.exp(likeness - likeness.max())
    return weight / weight.sum()


def part_ends(frames: int, parts: int) -> list[int]:
    """Which of a clip's frames end the times of its map, in equal parts."""
    return [max((part + 1) * frames // parts - 1, 0) for part in range(parts)]


def pictures(
    video: FrameTable, shown: Mapping[str, Any], start_s: float, stop_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """The frames that a model was shown of a window when it was scored, larger: (T, SIDE, SIDE, 3) uint8 RGB,
    and their time stamps (T,).

    shown
        ``frames``, ``rate``, ``ticks``, ``window`` of its view, ``size`` and ``scoring_side`` of its
        geometry.
    """
    last = float(last_moment(np.float64(stop_s), shown["window"]))
    sampling = {"frames": shown["frames"], "rate": shown["rate"], "grid_fps": shown["ticks"]}
    times_s = window_indices(start_s, last, **sampling) / shown["ticks"]
    height, width = video.shown_size
    scale = SIDE * shown["scoring_side"] / shown["size"] / min(height, width)
    size = max(round(height * scale), SIDE), max(round(width * scale), SIDE)
    frames, pts_s = frames_at(confirmed(video), times_s, size)
    top, left = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    return frames[:, top : top + SIDE, left : left + SIDE], pts_s


def lit(frame: np.ndarray, weight: np.ndarray, most: float) -> np.ndarray:
    """A frame (H, W, 3) uint8 that keeps its light where ``weight`` (h, w) is ``most``, and loses it where it
    is 0.
    """
    height, width = frame.shape[:2]
    smooth = cv2.resize(np.float32(weight / most), (width, height), interpolation=cv2.INTER_LINEAR)
    light = DARK + (1 - DARK) * smooth.clip(0, 1)
    return np.rint(frame * light[..., None]).astype(np.uint8)


def boxed(frame: np.ndarray, cell: tuple[int, int], grid: tuple[int, int]) -> np.ndarray:
    """A copy of a frame with a frame around a cell (row, column) of a grid (rows, columns) laid over it."""
    marked = np.ascontiguousarray(frame.copy())
    height, width = (size / count for size, count in zip(frame.shape[:2], grid))
    corner = round(cell[1] * width) + 1, round(cell[0] * height) + 1
    other = round((cell[1] + 1) * width) - 2, round((cell[0] + 1) * height) - 2
    cv2.rectangle(marked, corner, other, (255, 255, 255), 2)
    return marked
