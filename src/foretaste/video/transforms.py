"""From a decoded picture to what a network sees: size, crop, augmentation."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from foretaste.settings.options import Options


class Picture(Options):
    """The picture that a network sees of a frame."""

    height: PositiveInt = 96
    """In pixels."""
    width: PositiveInt = 128
    """In pixels."""
    margin: float = Field(1.0, ge=1.0)
    """The frame is resized to just cover this many times the picture, whose centre is then cut out (AVT-b's
    test: 248 / 224).
    """


class Augment(Options):
    """Random changes of a training picture; everything off by default."""

    smallest: float = Field(1.0, gt=0, le=1)
    """Least share of the height and of the width that a random crop keeps."""
    flip: float = Field(0.0, ge=0, le=1)
    """Probability of a horizontal flip."""
    brightness: float = Field(0.0, ge=0, lt=1)
    """Largest relative change of brightness."""
    contrast: float = Field(0.0, ge=0, lt=1)
    """Largest relative change of contrast."""
    colour: float = Field(0.0, ge=0, lt=1)
    """Largest relative change of each colour channel by itself."""


def covering(shown_size: tuple[int, int], picture: Picture) -> tuple[int, int]:
    """(H, W) to decode to: the frame's own shape, just covering the picture and its margin."""
    height, width = shown_size
    scale = picture.margin * max(picture.height / height, picture.width / width)
    return max(picture.height, round(height * scale)), max(picture.width, round(width * scale))


def centre(frames: np.ndarray, picture: Picture) -> np.ndarray:
    """The centre of frames (T, H', W', 3): (T, H, W, 3)."""
    top, left = (frames.shape[1] - picture.height) // 2, (frames.shape[2] - picture.width) // 2
    return frames[:, top : top + picture.height, left : left + picture.width]


def channels_first(frames: np.ndarray) -> Tensor:
    """uint8 (B, H, W, C) -> (B, C, H, W), as networks are given pixels: they normalise them themselves."""
    return torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2)


def augmented(frames: np.ndarray, augment: Augment, seeds: Iterable[tuple[int, ...]]) -> np.ndarray:
    """Frames (B, H, W, 3) uint8, each changed at random by its own seed and by nothing else: no frame's
    change depends on which others are in the batch.
    """
    return np.stack(
        [
            _augment(frame, augment, np.random.default_rng(seed))
            for frame, seed in zip(frames, seeds, strict=True)
        ]
    )


def _augment(frame: np.ndarray, augment: Augment, random: np.random.Generator) -> np.ndarray:
    height, width = frame.shape[:2]
    kept = random.uniform(augment.smallest, 1.0)
    rows, columns = round(height * kept), round(width * kept)
    top, left = random.integers(height - rows + 1), random.integers(width - columns + 1)
    frame = frame[top : top + rows, left : left + columns]
    if random.random() < augment.flip:
        frame = frame[:, ::-1]
    if rows != height or columns != width:
        frame = cv2.resize(np.ascontiguousarray(frame), (width, height), interpolation=cv2.INTER_LINEAR)
    gain = (1 + random.uniform(-augment.brightness, augment.brightness)) * (
        1 + random.uniform(-augment.colour, augment.colour, 3)
    )
    contrast = 1 + random.uniform(-augment.contrast, augment.contrast)
    # Contrast about mid-grey, then gain: one table of 256 entries a channel.
    table = ((np.arange(256)[:, None] - 127.5) * contrast + 127.5) * gain
    table = np.clip(np.rint(table), 0, 255).astype(np.uint8)
    return cv2.LUT(np.ascontiguousarray(frame), table[None])
