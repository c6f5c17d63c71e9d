"""Clips for the benchmarks of decoding: a textured view that moves about, with noise, in H.264.

They have the bit rate of a camera's own files: what lies between key frames costs a good part of what a key
frame costs.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

#: Grey levels over which a sensor's noise is spread.
NOISE = 16


def write(path: Path, height: int, width: int, fps: int, seconds: float, x264: str) -> Path:
    """A clip of ``seconds``; ``x264`` are parameters of the encoder."""
    random = np.random.default_rng(0)
    view = np.zeros((height * 4 // 3, width * 4 // 3, 3), np.float32)
    for octave in range(5):
        grains = random.random((9 << octave, 16 << octave, 3), np.float32)
        view += cv2.resize(grains, view.shape[1::-1], interpolation=cv2.INTER_CUBIC) / 2**octave
    view = cv2.normalize(view, None, 0, 255 - NOISE, cv2.NORM_MINMAX).astype(np.uint8)
    noise = random.integers(0, NOISE, (height + 64, width + 64, 1), np.uint8).repeat(3, 2)
    with av.open(str(path), "w") as container:
        options = {"preset": "veryfast", "x264-params": f"{x264}:crf=20"}
        stream = container.add_stream("libx264", rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, fps)
        for index in range(round(seconds * fps)):
            top = int(height / 6 * (1 + 0.95 * np.sin(index / 90)))
            left = int(width / 6 * (1 + 0.95 * np.cos(index / 120)))
            down, right = random.integers(64, size=2)
            grain = noise[down : down + height, right : right + width]
            picture = cv2.add(view[top : top + height, left : left + width], grain)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
