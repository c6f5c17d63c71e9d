"""GIFs as other programs write them: pictures are shown when FFmpeg says, and what is no picture is none."""

from __future__ import annotations

import struct

import av
import barcode
import numpy as np
import pytest

from foretaste.contracts.errors import DataError
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.whole import decodes_throughout

GREYS = bytes(value for grey in range(256) for value in (grey, grey, grey))
COMMENT = b"\x21\xfe\x05hello\0"


def picture(number, delay):
    """The blocks of a picture, uncompressed; ``delay`` in 1/100 s, None: nothing is said of it."""
    pixels = barcode.draw(number)[..., 0].ravel().tolist()
    codes = [code for at, grey in enumerate(pixels) for code in ([256, grey] if at % 200 == 0 else [grey])]
    bits = "".join(f"{code:09b}"[::-1] for code in [*codes, 257])
    data = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    parts = (data[at : at + 255] for at in range(0, len(data), 255))
    blocks = b"".join(bytes([len(part)]) + part for part in parts)
    shown = b"" if delay is None else b"\x21\xf9\x04" + struct.pack("<BHB", 0, delay, 0) + b"\0"
    return shown + struct.pack("<BHHHHB", 0x2C, 0, 0, 64, 48, 0) + b"\x08" + blocks + b"\0"


def write(path, delays, numbers=None, after=b";"):
    numbers = range(len(delays)) if numbers is None else numbers
    head = b"GIF89a" + struct.pack("<HHBBB", 64, 48, 0xF7, 0, 0) + GREYS
    path.write_bytes(head + b"".join(map(picture, numbers, delays)) + after)
    return path


def shown(path):
    """(times, numbers) of the frames, asked for in the midst of each."""
    video = look_at(path)
    decodes_throughout(video)
    ends = np.append(video.pts_s[1:], video.end_s)
    return video.pts_s, [barcode.read(frame) for frame in frames_at(video, (video.pts_s + ends) / 2)[0]]


def test_pictures_are_shown_when_ffmpeg_says(tmp_path):
    """0 is a tenth of a second, a picture that says nothing lasts as long as the one before it."""
    path = write(tmp_path / "a.gif", [5, 0, 1, None, 0, None, 300, 2, 0, 7])
    times_s, numbers = shown(path)
    np.testing.assert_allclose(times_s, [0, 0.05, 0.15, 0.16, 0.17, 0.27, 0.37, 3.37, 3.39, 3.49])
    assert numbers == list(range(10))
    with av.open(str(path)) as container:
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx(times_s)


def test_pictures_that_repeat_are_pictures_of_their_own(tmp_path):
    repeated = [0, 0, 0, 1, 1, 2, 0, 0]
    times_s, numbers = shown(write(tmp_path / "a.gif", [3, 9] * 4, repeated))
    assert numbers == repeated and len(times_s) == 8
    again = barcode.write_clip(tmp_path / "b.gif", 8, codec="gif", numbers=repeated)
    assert shown(again)[1] == repeated


def test_what_is_said_after_the_last_picture_is_none(tmp_path):
    times_s, numbers = shown(write(tmp_path / "a.gif", [5] * 6, after=COMMENT * 2 + b";" + bytes(99)))
    assert numbers == list(range(6)) and times_s[-1] == 0.25


def test_a_gif_that_goes_on_after_its_end_mark_is_refused(tmp_path):
    path = write(tmp_path / "a.gif", [5] * 6)
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(
        DataError, match="joined with another file, or damaged: it goes on after its end mark"
    ):
        look_at(path)
