"""Single validation samples to look at: what the window showed, what came, and what each model expected.

Which samples are shown follows from their ids, never from how they look: one third are drawn from those that
the first model of the comparison gets right and the second does not, one third from the opposite, the rest
from all.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import FrameTable, confirmed

#: Frames of a strip, width of one in pixels, JPEG quality.
FRAMES, WIDTH, QUALITY = 8, 176, 80


@dataclass(frozen=True)
class Guess:
    """One entry of a model's list."""

    name: str
    probability: float
    right: bool


@dataclass(frozen=True)
class Opinion:
    """A model's five best classes of a sample, and the rank of the truth (1 = first)."""

    model: str
    guesses: tuple[Guess, ...]
    rank: int


@dataclass(frozen=True)
class Frame:
    """One picture: seconds before the target action starts (negative), and a data URI."""

    before_s: float
    picture: str


def choose(
    sample_ids: Sequence[str], right_a: np.ndarray, right_b: np.ndarray, count: int = 12
) -> list[tuple[int, str]]:
    """``count`` positions with the reason for each: ``gained``, ``lost`` or ``drawn``.

    right_a, right_b
        (n,) whether the truth is in the model's list. Within a group the order is that of the sha256 of the
        ids.
    """
    order = sorted(range(len(sample_ids)), key=lambda i: hashlib.sha256(sample_ids[i].encode()).digest())
    gained = [i for i in order if right_a[i] and not right_b[i]][: count // 3]
    lost = [i for i in order if right_b[i] and not right_a[i]][: count // 3]
    rest = [i for i in order if i not in {*gained, *lost}][: count - len(gained) - len(lost)]
    return [*((i, "gained") for i in gained), *((i, "lost") for i in lost), *((i, "drawn") for i in rest)]


def opinion(model: str, logits: np.ndarray, truth: int, names: Sequence[str]) -> Opinion:
    """The five best of (C,) logits; ties by class id."""
    weight = np.exp(logits.astype(np.float64) - logits.max())
    order = np.argsort(-logits, kind="stable")
    guesses = tuple(Guess(names[c], float(weight[c] / weight.sum()), int(c) == truth) for c in order[:5])
    return Opinion(model, guesses, int(np.flatnonzero(order == truth)[0]) + 1)


def strip(video: FrameTable, start_s: float, stop_s: float, target_s: float) -> tuple[Frame, ...]:
    """Frames of the observation window [start_s, stop_s], evenly spaced, the last one as late as the window
    allows.
    """
    last = min(stop_s, video.end_s - 0.5 / video.rate_fps)
    first = max(start_s, 0.0)
    if last < first:
        raise DataError(
            f"window from {start_s:g} s to {stop_s:g} s",
            video.path,
            f"a window before {video.end_s:g} s",
            "compare samples and videos",
        )
    times = np.linspace(first, last, FRAMES)
    height, width = video.shown_size
    frames, shown_s = frames_at(confirmed(video), times, size=(round(WIDTH * height / width), WIDTH))
    return tuple(
        Frame(float(at - target_s), data_uri(frame)) for at, frame in zip(shown_s, frames, strict=True)
    )


def data_uri(frame: np.ndarray) -> str:
    """A picture (H, W, 3) uint8 RGB as a JPEG that stands in the page itself."""
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"
