"""Makers of videos whose sound says what time it is: in second s of the pictures a tone of 500 + 250 s Hz."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FPS, STEP_HZ, LOWEST_HZ = 10, 250, 500


def tone(seconds: float, rate: int) -> np.ndarray:
    """(n,) float32, at one half of the loudest."""
    pitch = LOWEST_HZ + STEP_HZ * np.floor(np.arange(round(seconds * rate)) / rate)
    return (0.5 * np.sin(2 * np.pi * np.cumsum(pitch) / rate)).astype(np.float32)


def write(
    path: Path,
    seconds: float = 6.0,
    codec: str | None = "aac",
    rate: int = 48_000,
    channels: int = 1,
    sound: np.ndarray | None = None,
    late_s: float = 0.0,
) -> Path:
    """A clip of grey pictures; its sound begins ``late_s`` after them."""
    sound = tone(seconds, rate) if sound is None else sound
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=FPS)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        pictures.codec_context.options = {"x264-params": "keyint=10:bframes=2"}
        track = None
        if codec is not None:
            track = container.add_stream(codec, rate=rate, layout="mono" if channels == 1 else "stereo")
        for number in range(round(seconds * FPS)):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 256, np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            container.mux(pictures.encode(picture))
            if track is not None:
                _mux(container, track, sound, number, rate, channels, late_s)
        container.mux(pictures.encode(None))
        if track is not None:
            container.mux(track.encode(None))
    return path


def _mux(container, track, sound: np.ndarray, number: int, rate: int, channels: int, late_s: float) -> None:
    """The sound of one picture's time."""
    first, last = (round(at * rate / FPS) for at in (number, number + 1))
    part = np.repeat(sound[None, first:last], channels, axis=0)
    if not part.shape[1]:
        return
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(part), format="fltp", layout="mono" if channels == 1 else "stereo"
    )
    frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
    frame.pts = first + round(late_s * rate)
    container.mux(track.encode(frame))


def pitch_of(samples: np.ndarray, rate: int) -> float:
    """The loudest frequency, in Hz; 0 of silence."""
    if np.abs(samples).max() < 1e-3:
        return 0.0
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[power.argmax()])
