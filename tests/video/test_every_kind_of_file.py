"""Files of every kind that people have, some hundred of them: the frame that is asked for comes, or the file
is refused by name.

What is right is what the numbers in the pictures say of a decode of the whole file by PyAV, which knows
neither key frames nor plans. Times are those that the file was written with.
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable
from pathlib import Path

import av
import barcode
import cv2
import numpy as np
import pytest
from made_clips import RIGHT, h264, of_two, turned, under_a_cover, wide_pixels

from foretaste.contracts.errors import DataError
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import FrameTable, look_at
from foretaste.video.whole import decodes_throughout

#: Files of each kind.
SEEDS = range(5)

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


def in_parts(folder: Path) -> Path:
    """An edit list of two parts; FFmpeg shows the second one some frames too early."""
    data = barcode.write_clip(folder / "a.mp4", 60).read_bytes()
    at = data.index(b"elst") + 16  # behind the number of parts and the duration
    zero, clock = int.from_bytes(data[at : at + 4], "big"), data.index(b"mdhd") + 16
    second = int.from_bytes(data[clock : clock + 4], "big")
    parts = (struct.pack(">IIhh", 1000, zero + second * part, 1, 0) for part in (1, 4))
    made = bytearray(
        data[: at - 28]
        + struct.pack(">I4sI4sII", 48, b"edts", 40, b"elst", 0, 2)
        + b"".join(parts)
        + data[at + 8 :]
    )
    for box in (b"moov", b"trak"):
        size = made.index(box) - 4
        made[size : size + 4] = (int.from_bytes(made[size : size + 4], "big") + 12).to_bytes(4, "big")
    return _with(folder / "b.mp4", bytes(made))


def lossy(folder: Path) -> Path:
    """An AVI that lost a frame: all later ones would be shown too early."""
    data = bytearray(barcode.write_clip(folder / "a.avi", 40, codec="mpeg4").read_bytes())
    data[data.index(b"00dc", len(data) // 3)] = 0xFF
    return _with(folder / "b.avi", bytes(data))


def struck(suffix: str, codec: str, after: int) -> Callable[[Path], Path]:
    """A flipped bit, so many bytes after the middle: FFmpeg shows the picture, and says it is damaged."""

    def make(folder: Path) -> Path:
        data = bytearray(barcode.write_clip(folder / f"a{suffix}", 20, codec=codec).read_bytes())
        data[len(data) // 2 + after] ^= 0x10
        return _with(folder / f"b{suffix}", bytes(data))

    return make


def of_others(folder: Path) -> Path:
    barcode.write_clip(folder / "a.mp4", 12)
    return _with(folder / "list.mp4", b"ffconcat version 1.0\nfile a.mp4\nfile a.mp4\n")


def picture(folder: Path) -> Path:
    return _with(folder / "a.mp4", cv2.imencode(".png", barcode.draw(1))[1].tobytes())


#: What must be refused, and a word of the reason.
REFUSED = {
    "joined.ts": (joined, "clock jumps.*recordings are joined"),
    "in parts.mp4": (in_parts, "clock jumps.*an edit list puts parts together"),
    "half.mkv": (half(".mkv"), "cut off"), "half.avi": (half(".avi", codec="mpeg4"), "FFmpeg|cut off"),
    "half.webm": (half(".webm", codec="libvpx-vp9", options={"g": "12", "deadline": "realtime"}), "cut off"),
    "half, no index.mp4": (half(".mp4"), "FFmpeg"),
    "half, index first.mp4": (half(".mp4", faststart=True), "cut off|FFmpeg|container"),
    "askew.mp4": (
        lambda folder: barcode.laid(barcode.write_clip(folder / "a.mp4", 9), (46341, 46341, -46341, 46341)),
        "does not turn by quarters",
    ),
    "lossy.avi": (lossy, "it states 40 frames, and holds 39"),
    "struck.mkv": (struck(".mkv", "ffv1", 0), "is damaged"),
    "struck.mov": (struck(".mov", "mjpeg", 9), "is damaged"),
    "struck.gif": (struck(".gif", "gif", 6), "is damaged"),
    "a list of others.mp4": (of_others, "no video, but what FFmpeg calls"),
    "picture.mp4": (picture, "no video, but what FFmpeg calls"),
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
