"""Files of every kind that people have, some hundred of them: the frame that is asked for comes, or the file
is refused by name.

What is right is what the numbers in the pictures say of a decode of the whole file by PyAV, which knows
neither key frames nor plans. Times are those that the file was written with.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import barcode
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext

from foretaste.contracts.errors import DataError
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import FrameTable, look_at
from foretaste.video.whole import decodes_throughout

#: Files of each kind.
SEEDS = range(5)

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


def uneven(suffix: str) -> Callable:
    def make(folder: Path, rng: random.Random) -> Made:
        steps = [rng.choice((20, 40, 60, 100, 300)) for _ in range(rng.randint(25, 50))]
        ticks = np.cumsum([0, *steps]).tolist()
        path = barcode.write_clip(folder / f"a{suffix}", len(ticks), ticks=ticks, x264=closed(rng))
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


def copied(suffix: str, shift_s: int = 0, **options: str) -> Callable:
    """The packets of an mp4 copied into another container, on a clock that may begin later."""

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

ONE = 1 << 16
#: (a, b, c, d) of a display matrix -> what the picture stored as array P looks like when shown.
MATRICES = {
    (0, ONE, -ONE, 0): lambda p: np.rot90(p, -1), (-ONE, 0, 0, -ONE): lambda p: np.rot90(p, 2),
    (0, -ONE, ONE, 0): lambda p: np.rot90(p, 1), (-ONE, 0, 0, ONE): lambda p: p[:, ::-1],
    (ONE, 0, 0, -ONE): lambda p: p[::-1], (0, ONE, ONE, 0): lambda p: p.swapaxes(0, 1),
    (0, -ONE, -ONE, 0): lambda p: np.rot90(p, 2).swapaxes(0, 1),
}  # fmt: skip


def oracle(path: Path) -> list[int]:
    """The numbers that all pictures of a file carry, decoded one after the other."""
    with av.open(str(path)) as container:
        streams = (one for one in container.streams.video if not one.disposition & 1024)  # attached_pic
        return [barcode.read(frame.to_ndarray(format="rgb24")) for frame in container.decode(next(streams))]


def wrong(video: FrameTable, times_s: list[float], numbers: list[int], rng: random.Random, undo=None) -> int:
    """How many frames come out wrong, asked for in four ways; ``undo`` turns a shown picture back."""
    n, found = len(times_s), 0
    few = sorted(rng.sample(range(n), 5))
    for chosen in (range(n), range(0, n, 3), few, [n - 1]):
        # In the midst of each frame, and at its beginning but for the rounding of the container's clock.
        ends = [*times_s[1:], video.end_s]
        asked = [(times_s[i] + ends[i]) / 2 if rng.random() < 0.5 else times_s[i] + 1.1e-3 for i in chosen]
        frames, pts_s = frames_at(video, asked)
        read = [barcode.read(frame if undo is None else undo(frame)) for frame in frames]
        found += sum(got != numbers[i] for got, i in zip(read, chosen, strict=True))
        assert (pts_s <= asked).all()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", RIGHT)
def test_every_frame_is_the_right_one(tmp_path, kind):
    for seed in SEEDS:
        rng = random.Random(f"{kind} {seed}")
        folder = tmp_path / str(seed)
        folder.mkdir()
        path, times_s = RIGHT[kind](folder, rng)
        numbers = oracle(path)
        assert len(set(numbers)) == len(numbers) == len(times_s), "the file itself is as it was to be"
        video = look_at(path)
        decodes_throughout(video)
        np.testing.assert_allclose(video.pts_s, times_s, atol=1.01e-3)
        assert wrong(video, times_s, numbers, rng) == 0


@pytest.mark.slow
@pytest.mark.parametrize("matrix", MATRICES)
def test_pictures_are_turned_and_mirrored_as_players_do(tmp_path, matrix):
    rng = random.Random(str(matrix))
    path, times_s = turned(matrix)(tmp_path, rng)
    video = look_at(path)
    (first,), _ = frames_at(video, [0.0])
    with av.open(str(path)) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="rgb24")
    np.testing.assert_allclose(first, MATRICES[matrix](stored), atol=3)
    upside = video.orientation

    def undo(picture: np.ndarray) -> np.ndarray:
        back = np.rot90(picture, -upside.rotation // 90)
        return back[:, ::-1] if upside.mirrored else back

    assert wrong(video, times_s, list(range(len(times_s))), rng, undo) == 0


def test_pixels_that_are_no_squares_are_shown_as_squares(tmp_path):
    video = look_at(wide_pixels(tmp_path, random.Random(0))[0])
    assert (video.width, video.height, video.pixel_aspect) == (64, 48, pytest.approx(4 / 3))
    frames, _ = frames_at(video, [0.0, 0.5])
    assert video.shown_size == (48, 85) and frames.shape == (2, 48, 85, 3)


def test_the_first_of_several_streams_is_shown_and_they_are_counted(tmp_path):
    video = look_at(of_two(tmp_path, random.Random(0))[0])
    assert video.streams == 2 and video.shown_size == (48, 64)
    (tmp_path / "c").mkdir()
    assert look_at(under_a_cover(tmp_path / "c", random.Random(0))[0]).streams == 1


def joined(folder: Path) -> Path:
    source = barcode.write_clip(folder / "part.ts", 30)
    return _with(folder / "joined.ts", source.read_bytes() * 2)


def half(suffix: str, **more) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        data = barcode.write_clip(folder / f"whole{suffix}", 60, **more).read_bytes()
        return _with(folder / f"half{suffix}", data[: len(data) // 2])

    return make


def _with(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


#: What must be refused, and a word of the reason.
REFUSED = {
    "joined.ts": (joined, "clock jumps"),
    "half.mkv": (half(".mkv"), "cut off"), "half.avi": (half(".avi", codec="mpeg4"), "FFmpeg|cut off"),
    "half.webm": (half(".webm", codec="libvpx-vp9", options={"g": "12", "deadline": "realtime"}), "cut off"),
    "half, no index.mp4": (half(".mp4"), "FFmpeg"),
    "half, index first.mp4": (half(".mp4", faststart=True), "cut off|FFmpeg|container"),
    "askew.mp4": (
        lambda folder: barcode.laid(barcode.write_clip(folder / "a.mp4", 9), (46341, 46341, -46341, 46341)),
        "does not turn by quarters",
    ),
    "empty.mp4": (lambda folder: _with(folder / "a.mp4", b""), "FFmpeg"),
    "text.mp4": (lambda folder: _with(folder / "a.mp4", b"no video\n" * 500), "FFmpeg"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_told_is_refused_with_the_reason(tmp_path, kind):
    make, word = REFUSED[kind]
    with pytest.raises(DataError) as raised:
        decodes_throughout(look_at(make(tmp_path)))
    assert re.search(word, raised.value.args[0]), raised.value


def damaged(path: Path, rng: random.Random) -> Path:
    """A hole of zeros, or some flipped bytes, between the two quarters at the ends."""
    data = bytearray(path.read_bytes())
    low, high = len(data) // 4, 3 * len(data) // 4
    if rng.random() < 0.5:
        at = rng.randrange(low, high)
        data[at : at + 400] = bytes(len(data[at : at + 400]))
    else:
        for _ in range(8):
            data[rng.randrange(low, high)] ^= 0xFF
    return _with(path, bytes(data))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_damage_in_h264_is_refused_or_changes_no_frame(tmp_path, suffix):
    refused = 0
    for seed in range(12):
        rng = random.Random(f"{suffix} {seed}")
        (tmp_path / str(seed)).mkdir()
        path, times_s = h264(suffix)(tmp_path / str(seed), rng)
        path = damaged(path, rng)
        try:
            video = look_at(path)
            decodes_throughout(video)
        except DataError as error:
            refused += 1
            assert str(path) in str(error)
            continue
        assert wrong(video, video.pts_s.tolist(), list(range(len(times_s))), rng) == 0
    assert refused >= 4, refused


def test_there_are_enough_files():
    assert len(RIGHT) * len(SEEDS) + len(MATRICES) + len(REFUSED) + 36 >= 150
