"""Optical flow from a frame to the next, and as bytes.

u (to the right) and v (downwards) are cut off at +-20 pixels and mapped to 0..255, so that 128 is no motion:
as Two-Stream networks, TSN and the flow of EPIC-KITCHENS have it (Wang et al. 2016, Temporal Segment
Networks, with dense_flow's ``-b 20``). Theirs is TV-L1; OpenCV without its contributed modules has
Farneback's (2003) and dense inverse search (Kroeger et al. 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import cv2
import numpy as np

from foretaste.video.decode import in_order
from foretaste.video.frame_table import FrameTable

#: Pixels of the picture that flow is computed on, beyond which motion is cut off.
BOUND = 20.0

#: Scale and levels of the pyramid, window, iterations, size and sigma of the polynomials, flags: as OpenCV's
#: own example of the function has them.
_FARNEBACK = (0.5, 3, 15, 3, 5, 1.2, 0)

Method = Literal["dis", "farneback"]

#: (H, W) uint8 before and after -> (H, W, 2) float32: by how many pixels each point has moved.
Estimate = Callable[[np.ndarray, np.ndarray], np.ndarray]


def flow_before(
    video: FrameTable, frames: np.ndarray, size: tuple[int, int], method: Method
) -> Iterator[tuple[int, np.ndarray]]:
    """(index, (H, W, 2) uint8) of each of ``frames`` (ascending): the motion from the frame before to it, of
    pictures of ``size`` (H, W). The first frame of a video has none.

    Nothing that is shown later than a frame is in its flow. Raises DataError as decoding does.
    """
    estimate = _estimate(method)
    wanted = set(frames.tolist())
    needed = np.unique(np.concatenate((frames, np.maximum(frames - 1, 0))))
    before = None
    for index, picture in in_order(video, needed.astype(np.int64), size):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        if index in wanted:
            still = np.zeros((*size, 2), np.float32)
            yield index, quantised(still if index == 0 else estimate(before, grey))
        before = grey


def quantised(flow: np.ndarray) -> np.ndarray:
    """Pixels (..., 2) -> uint8: round((cut off + 20) x 255 / 40), halves to even."""
    return np.rint((np.clip(flow, -BOUND, BOUND) + BOUND) * (255 / (2 * BOUND))).astype(np.uint8)


def _estimate(method: Method) -> Estimate:
    cv2.setNumThreads(1)  # a result may not depend on the machine's cores
    if method == "dis":
        search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        return lambda before, after: search.calc(before, after, None)
    return lambda before, after: cv2.calcOpticalFlowFarneback(before, after, None, *_FARNEBACK)
