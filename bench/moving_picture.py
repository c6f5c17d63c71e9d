"""The moving picture of the README, out of the overlay that `foretaste predict` draws:

foretaste predict results/kitchen/lm_avt_demo/seed0/student_recipe_lm \\
    results/kitchen/world/videos/P13_02.mp4 --every 0.5 --out overlay.mp4
python bench/moving_picture.py overlay.mp4 docs/images/predict.webp --start 8 --seconds 12
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av


def pictures(path: Path, start_s: float, seconds: float, fps: int) -> Iterator[av.VideoFrame]:
    """The frames of a part of a video, ``fps`` a second."""
    given = 0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            since_s = frame.time - start_s
            if since_s >= seconds:
                return
            if since_s >= given / fps:
                given += 1
                yield frame


def write(path: Path, frames: Iterator[av.VideoFrame], fps: int, width: int) -> int:
    """An animated WebP that begins again when it ends; returns how many pictures it has."""
    count = 0
    with av.open(str(path), "w", format="webp", options={"loop": "0"}) as container:
        stream = container.add_stream("libwebp_anim", rate=fps)
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, fps)
        stream.codec_context.options = {"quality": "60", "compression_level": "6"}
        for frame in frames:
            if count == 0:
                stream.width, stream.height = width, 2 * round(frame.height * width / frame.width / 2)
            small = frame.reformat(stream.width, stream.height, "yuv420p", interpolation="AREA")
            small.pts, small.time_base = count, Fraction(1, fps)
            container.mux(stream.encode(small))
            count += 1
        container.mux(stream.encode(None))
    return count


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("overlay", type=Path)
    parser.add_argument("picture", type=Path, help="a .webp file")
    parser.add_argument("--start", type=float, default=10.0, help="seconds")
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--fps", type=int, default=5)
    parser.add_argument("--width", type=int, default=480)
    arguments = parser.parse_args()
    part = pictures(arguments.overlay, arguments.start, arguments.seconds, arguments.fps)
    count = write(arguments.picture, part, arguments.fps, arguments.width)
    print(f"{arguments.picture}: {count} pictures, {arguments.picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
