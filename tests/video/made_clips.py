"""Makers of files of every kind that people have: each writes one whose frames carry their numbers, and says
when each is shown.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import barcode
import numpy as np
from av.bitstream import BitStreamFilterContext

Made = tuple[Path, list[float]]


def closed(rng: random.Random) -> str:
    return f"keyint={rng.randint(5, 20)}:bframes={rng.randint(0, 3)}:scenecut=0"


def opened(rng: random.Random) -> str:
    return f"keyint={rng.randint(6, 16)}:bframes={rng.randint(2, 3)}:b-adapt=0:open-gop=1:scenecut=0"


def refreshed(rng: random.Random) -> str:
    return f"intra-refresh=1:keyint={rng.randint(10, 20)}:bframes={rng.randint(0, 2)}"


def h264(suffix: str, params: Callable[[random.Random], str] = closed, fps: float = 10.0) -> Callable:
    def make(folder: Path, rng: random.Random) -> Made:
        frames = rng.randint(25, 60)
        path = barcode.write_clip(folder / f"a{suffix}", frames, fps=fps, x264=params(rng))
        return path, [i / fps for i in range(frames)]

    return make


def coded(suffix: str, codec: str, options: Callable[[random.Random], dict[str, str]], fps: float = 10.0):
    def make(folder: Path, rng: random.Random) -> Made:
        frames = rng.randint(25, 45)
        size = (96, 128) if codec == "libsvtav1" else (48, 64)
        path = folder / f"a{suffix}"
        barcode.write_clip(path, frames, fps=fps, codec=codec, options=options(rng), size=size)
        return path, [i / fps for i in range(frames)]

    return make


def x265(rng: random.Random) -> dict[str, str]:
    opening = rng.randint(0, 1)
    params = f"keyint={rng.randint(6, 16)}:bframes={rng.randint(0, 3)}:open-gop={opening}"
    return {"x265-params": f"log-level=none:pools=none:frame-threads=1:{params}"}


def spaced(rng: random.Random) -> dict[str, str]:
    return {"g": str(rng.randint(5, 15))}


def with_b(rng: random.Random) -> dict[str, str]:
    return {"g": str(rng.randint(5, 15)), "bf": str(rng.randint(0, 2))}


def vp9(rng: random.Random) -> dict[str, str]:
    late = str(rng.choice((0, 8)))
    fast = {"deadline": "realtime", "cpu-used": "8"}
    return {**spaced(rng), **fast, "auto-alt-ref": "1" if late == "8" else "0", "lag-in-frames": late}


def av1(rng: random.Random) -> dict[str, str]:
    return {**spaced(rng), "preset": "10", "svtav1-params": "lp=1"}


def uneven(suffix: str, codec: str = "libx264", steps: tuple[int, ...] = (20, 40, 60, 100, 300)) -> Callable:
    """Frames ``steps`` ticks apart, of which the container can hold each."""

    def make(folder: Path, rng: random.Random) -> Made:
        ticks = np.cumsum([0, *(rng.choice(steps) for _ in range(rng.randint(25, 50)))]).tolist()
        path = folder / f"a{suffix}"
        barcode.write_clip(path, len(ticks), ticks=ticks, codec=codec, x264=closed(rng))
        return path, [tick / barcode.TICKS for tick in ticks]

    return make


def cut(folder: Path, rng: random.Random) -> Made:
    frames, first = rng.randint(25, 50), rng.randint(1, 11)
    source = barcode.write_clip(folder / "a.mp4", frames, x264=rng.choice((closed, opened))(rng))
    path = barcode.cut_without_decoding(source, folder / "b.mp4", first)
    return path, [i / 10 for i in range(frames - first)]


def of_two(folder: Path, rng: random.Random) -> Made:
    """Two video streams of other numbers, sizes and lengths."""
    frames, path = rng.randint(25, 40), folder / f"a{rng.choice(('.mp4', '.mkv'))}"
    with av.open(str(path), "w") as container:
        streams = [
            container.add_stream("libx264", rate=10, options={"x264-params": closed(rng)}) for _ in "ab"
        ]
        for at, stream in enumerate(streams):
            stream.height, stream.width, stream.pix_fmt = 48 * (at + 1), 64 * (at + 1), "yuv420p"
        for index in range(frames + 10):
            for at, stream in enumerate(streams):
                if index < frames + 10 * at:
                    picture = barcode.draw(index + 1000 * at, 48 * (at + 1), 64 * (at + 1))
                    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                    frame.pts, frame.time_base = index, Fraction(1, 10)
                    container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode())
    return path, [i / 10 for i in range(frames)]


def under_a_cover(folder: Path, rng: random.Random) -> Made:
    """A cover picture, in front where the container keeps it there."""
    frames, path = rng.randint(25, 40), folder / "a.mp4"
    source = barcode.write_clip(folder / "b.mp4", frames, x264=closed(rng))
    with av.open(str(source)) as given, av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.height, cover.width, cover.pix_fmt = 48, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        stream = container.add_stream_from_template(given.streams.video[0])
        picture = av.VideoFrame.from_ndarray(barcode.draw(4000), format="rgb24")
        container.mux(cover.encode(picture.reformat(format="yuvj420p")))
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    return path, [i / 10 for i in range(frames)]


def copied(suffix: str, shift_s: int = 0, as_decoded: bool = False, **options: str) -> Callable:
    """The packets of an mp4 copied into another container, on a clock that may begin later; ``as_decoded``:
    with the times of their decoding, as copies out of AVI have them, which are those of no B-frame.
    """

    def make(folder: Path, rng: random.Random) -> Made:
        source, times_s = h264(".mp4", rng.choice((closed, opened)))(folder, rng)
        path = folder / f"copy{suffix}"
        with av.open(str(source)) as given, av.open(str(path), "w", options=options) as container:
            stream = container.add_stream_from_template(given.streams.video[0])
            filtered = BitStreamFilterContext("h264_mp4toannexb", given.streams.video[0])
            for packet in given.demux(video=0):
                if packet.dts is not None:
                    shift = round(shift_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    if as_decoded:
                        packet.pts = packet.dts
                    for one in filtered.filter(packet) if suffix == ".avi" else [packet]:
                        one.stream = stream
                        container.mux(one)
        return path, times_s

    return make


def wide_pixels(folder: Path, rng: random.Random) -> Made:
    frames = rng.randint(25, 40)
    path = barcode.write_clip(folder / "a.mp4", frames, x264=f"{closed(rng)}:sar=4/3")
    return path, [i / 10 for i in range(frames)]


def turned(matrix: tuple[int, int, int, int]) -> Callable:
    def make(folder: Path, rng: random.Random) -> Made:
        path, times_s = h264(".mp4")(folder, rng)
        return barcode.laid(path, matrix), times_s

    return make


NTSC = 60000 / 1001

#: What must come out right, to the last frame.
RIGHT = {
    "h264.mp4": h264(".mp4"), "h264.mkv": h264(".mkv"), "h264.avi": h264(".avi"), "h264.ts": h264(".ts"),
    "h264.mov": h264(".mov"), "h264.flv": h264(".flv"),
    "long.mp4": h264(".mp4", lambda _: "keyint=250:bframes=3:scenecut=0"),
    "long.mkv": h264(".mkv", lambda _: "keyint=250:bframes=3:scenecut=0"),
    "open.mp4": h264(".mp4", opened), "open.mkv": h264(".mkv", opened), "open.ts": h264(".ts", opened),
    "refreshed.mp4": h264(".mp4", refreshed), "refreshed.mkv": h264(".mkv", refreshed),
    "refreshed.ts": h264(".ts", refreshed),
    "ntsc.mp4": h264(".mp4", closed, NTSC), "ntsc.ts": h264(".ts", closed, NTSC),
    "uneven.mp4": uneven(".mp4"), "uneven.mkv": uneven(".mkv"),
    "uneven.gif": uneven(".gif", "gif", (6, 12, 18, 30, 66, 300)),  # hundredths of a second
    "as decoded.mkv": copied(".mkv", as_decoded=True), "as decoded.flv": copied(".flv", as_decoded=True),
    "as decoded.ts": copied(".ts", as_decoded=True),
    "copied.avi": copied(".avi"), "late.mkv": copied(".mkv", 3), "late.ts": copied(".ts", 3),
    "fragments.mp4": copied(".mp4", movflags="frag_keyframe+empty_moov"),
    "cut": cut, "two streams": of_two, "cover": under_a_cover, "wide pixels": wide_pixels,
    "hevc.mp4": coded(".mp4", "libx265", x265), "hevc.mkv": coded(".mkv", "libx265", x265),
    "hevc.ts": coded(".ts", "libx265", x265),
    "av1.mkv": coded(".mkv", "libsvtav1", av1), "av1.mp4": coded(".mp4", "libsvtav1", av1),
    "vp9.webm": coded(".webm", "libvpx-vp9", vp9), "vp9.mp4": coded(".mp4", "libvpx-vp9", vp9),
    "vp8.webm": coded(".webm", "libvpx", vp9),
    "mpeg4.mp4": coded(".mp4", "mpeg4", with_b), "mpeg4.avi": coded(".avi", "mpeg4", with_b),
    "mpeg2.ts": coded(".ts", "mpeg2video", with_b, 25.0),
    "mpeg2.mpg": coded(".mpg", "mpeg2video", with_b, 25.0),
    "gif": coded(".gif", "gif", lambda _: {}), "prores.mov": coded(".mov", "prores_ks", lambda _: {}),
    "mjpeg.avi": coded(".avi", "mjpeg", lambda _: {}),
}  # fmt: skip
