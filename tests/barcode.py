"""Little clips whose every frame carries its own number as black and white cells, written at test time by
PyAV.

A wrong frame is then a wrong number: off-by-one errors that a pixel tolerance hides are seen, and the cells
survive both compression and resizing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch

ROWS, COLUMNS = 3, 4
TICKS = 600
"""Clock ticks a second of the clips."""


def draw(number: int, height: int = 48, width: int = 64) -> np.ndarray:
    """(H, W, 3) uint8: the number in 12 bits, on cells of H / 3 x W / 4 pixels."""
    bits = [(number >> bit) & 1 for bit in range(ROWS * COLUMNS)]
    cells = np.array(bits, dtype=np.uint8).reshape(ROWS, COLUMNS) * 200 + 25
    return np.repeat(
        np.kron(cells, np.ones((height // ROWS, width // COLUMNS), dtype=np.uint8))[..., None], 3, axis=2
    )


def read(frame: np.ndarray) -> int:
    """The number that a frame (H, W, 3) carries."""
    height, width = frame.shape[0] // ROWS, frame.shape[1] // COLUMNS
    cells = frame[: height * ROWS, : width * COLUMNS].reshape(ROWS, height, COLUMNS, width, 3)[
        :, height // 3 : -height // 3 or None
    ]
    bits = (cells.mean(axis=(1, 3, 4)) > 125).ravel()
    return int(sum(1 << bit for bit, on in enumerate(bits) if on))


def write_clip(
    path: Path, frames: int = 48, *, fps: float = 10.0, codec: str = "libx264",
    x264: str = "keyint=12:bframes=2:scenecut=0", options: Mapping[str, str] | None = None,
    ticks: list[int] | None = None, numbers: Sequence[int] | None = None, faststart: bool = False,
    size: tuple[int, int] = (48, 64),
) -> Path:  # fmt: skip
    """A clip of ``frames`` numbered frames of ``size`` (H, W); ``ticks`` gives their times in 1/600 s where
    they are not evenly spaced, ``numbers`` what they carry where it is not 0, 1, 2 ..., ``options`` those of
    an encoder other than x264's.
    """
    settings = {
        "libx264": {"x264-params": x264},
        "libx265": {"x265-params": "log-level=none:keyint=12:bframes=2:open-gop=0:pools=none"},
    }
    pixels = {"gif": "rgb8", "prores_ks": "yuv422p10le", "mjpeg": "yuvj420p"}
    written = {"movflags": "+faststart"} if faststart else {}
    # These count frames; an AVI would be padded with empty ones to a finer clock.
    whole = path.suffix == ".avi" or codec == "mpeg2video"
    clock = Fraction(1, round(fps)) if whole else Fraction(1, TICKS)
    with av.open(str(path), "w", options=written) as container:
        stream = container.add_stream(
            codec,
            rate=Fraction(fps).limit_denominator(1001),
            options=dict(options or settings.get(codec, {})),
        )
        stream.height, stream.width = size
        stream.pix_fmt = pixels.get(codec, "yuv420p")
        stream.codec_context.time_base = stream.time_base = clock
        stream.codec_context.thread_count = 1
        for index in range(frames):
            picture = draw(numbers[index] if numbers else index, *size)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            at = ticks[index] if ticks else round(index * TICKS / fps)
            frame.pts, frame.time_base = round(at / TICKS / clock), clock
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def cut_without_decoding(source: Path, path: Path, first: int, fps: float = 10.0) -> Path:
    """Copy the packets of ``source`` so that it is shown from frame ``first`` on: an edit list hides the
    frames before it.
    """
    with av.open(str(source)) as given, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        start = round(first / fps / given.streams.video[0].time_base)
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts - start, packet.dts - start, stream
                container.mux(packet)
    return path


def hiding(source: Path, path: Path, hidden: int) -> Path:
    """Copy a VP8 clip with its ``hidden``-th packet marked as a reference that is never shown."""
    with av.open(str(source)) as given, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        for index, packet in enumerate(given.demux(given.streams.video[0])):
            if packet.dts is not None:
                packet.stream = stream
                if index == hidden:
                    content = bytearray(bytes(packet))
                    content[0] &= ~0x10
                    packet.update(bytes(content))
                container.mux(packet)
    return path


def turned(path: Path, quarter: int) -> Path:
    """Write into an mp4 that its picture is to be turned by ``quarter`` x 90 degrees clockwise, as phones
    do.
    """
    one = 1 << 16
    return laid(path, {1: (0, one, -one, 0), 2: (-one, 0, 0, -one), 3: (0, -one, one, 0)}[quarter])


def laid(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write (a, b, c, d), in 1/65536, into an mp4: a pixel at (x, y) is shown at (a x + c y, b x + d y)."""
    one = 1 << 16
    content = bytearray(path.read_bytes())
    before, after = (
        b"".join(value.to_bytes(4, "big", signed=True) for value in (a, b, 0, c, d, 0))
        for a, b, c, d in ((one, 0, 0, one), matrix)
    )
    at = content.index(before, content.index(b"tkhd"))
    content[at : at + len(after)] = after
    path.write_bytes(content)
    return path


class CellMeans(torch.nn.Module):
    """A backbone whose vector is the mean brightness of each cell: the frame's number can be read off its
    features.
    """

    width = ROWS * COLUMNS

    def embed(self, frames: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) uint8 -> (B, 12), from -1 to 1."""
        assert frames.dtype == torch.uint8
        brightness = frames.float().mean(1, keepdim=True) / 127.5 - 1
        return torch.nn.functional.adaptive_avg_pool2d(brightness, (ROWS, COLUMNS)).flatten(1)


def numbers_of(features: np.ndarray) -> list[int]:
    """The frame numbers that ``CellMeans`` features (n, 12) stand for."""
    return [int(sum(1 << bit for bit, on in enumerate(row > 0) if on)) for row in features]
