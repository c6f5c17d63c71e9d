"""Writing H.264 with sound (AAC) with PyAV so that equal frames and sound give equal bytes.

One encoder thread (x264 cuts rate control differently by thread count), no metadata, and the muxer told to be
bit exact (no version strings, no creation time). x264's macroblock tree is off: with it, the same frames gave
20 different files in 25 trials (it reads memory that it never wrote). B-frames and closed groups of pictures,
as x264 makes them by default.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.sounds import RATE

#: Samples that AAC encodes at once, and bits a second.
_FRAME, _BIT_RATE = 1024, 48_000


def write_video(path: Path, pictures: Iterable[np.ndarray], sound: np.ndarray, config: WorldConfig) -> int:
    """Encode RGB pictures (height, width, 3) uint8 and samples (n,) float32 to an MP4 file; returns how many
    pictures there were.
    """
    count = 0
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=config.fps)
        stream.width, stream.height, stream.pix_fmt = config.width, config.height, "yuv420p"
        stream.time_base = Fraction(1, config.fps)
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = config.group_of_pictures
        stream.codec_context.options = {
            "preset": "veryfast",
            "crf": str(config.crf),
            "flags": "+bitexact",
            "x264-params": "threads=1:lookahead-threads=1:mbtree=0",
        }
        track = _Track(container, sound)
        for picture in pictures:
            planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = count
            container.mux(stream.encode(frame))
            count += 1
            track.until(count / config.fps)
        container.mux(stream.encode(None))
        track.end()
    return count


class _Track:
    """The sound of a file, written as its pictures are."""

    def __init__(self, container: av.container.OutputContainer, sound: np.ndarray):
        self._container, self._sound, self._at = container, sound, 0
        self._stream = container.add_stream("aac", rate=RATE, layout="mono")
        self._stream.bit_rate = _BIT_RATE
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.options = {"flags": "+bitexact"}

    def until(self, time_s: float) -> None:
        """Write what is heard up to ``time_s``, in whole frames of the codec."""
        while self._at < min(round(time_s * RATE), len(self._sound)):
            part = self._sound[self._at : self._at + _FRAME]
            frame = av.AudioFrame.from_ndarray(part[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, Fraction(1, RATE)
            self._container.mux(self._stream.encode(frame))
            self._at += len(part)

    def end(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode(None))
