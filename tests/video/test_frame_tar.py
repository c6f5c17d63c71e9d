"""Frames that come as numbered JPEG files in a tar: the right ones, from where they lie, or a reason."""

from __future__ import annotations

import io
import tarfile

import barcode
import cv2
import numpy as np
import pyarrow as pa
import pytest

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import VIDEOS, read_table, write_table
from foretaste.pipeline.video_files import FRAME_SUFFIXES, video_files
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import frame_tables, look_at
from foretaste.video.numbered_frames import Clock
from foretaste.video.probe import probe
from foretaste.video.whole import decodes_throughout

SIXTY = Clock(fps=60.0, first=1)


def jpeg(picture):
    return cv2.imencode(".jpg", picture)[1].tobytes()


def write_tar(path, members, kind=tarfile.GNU_FORMAT):
    with tarfile.open(path, "w", format=kind) as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def numbered(numbers, folder="", first=1):
    return [(f"{folder}frame_{first + at:010d}.jpg", jpeg(barcode.draw(n))) for at, n in enumerate(numbers)]


@pytest.fixture(scope="module")
def tar(tmp_path_factory):
    """Not in order of their numbers, beside things that are no frames."""
    members = numbered(range(90), "./P01_01/")[::-1]
    members.insert(3, ("./P01_01/README.txt", b"frames"))
    members.insert(4, ("./P01_01/._frame_0000000001.jpg", b"what a Mac leaves beside a file"))
    return write_tar(tmp_path_factory.mktemp("tars") / "P01_01.tar", members)


def test_frames_are_shown_when_their_numbers_say(tar):
    video = look_at(tar, clock=SIXTY)
    assert (video.rate_fps, video.end_s, video.shown_size, video.codec) == (60.0, 1.5, (48, 64), "mjpeg")
    decodes_throughout(video)
    times_s = [1.49, 0.0, 0.4999, 0.5, 0.51, 1.0]
    frames, pts_s = frames_at(video, times_s)
    assert [barcode.read(frame) for frame in frames] == [89, 0, 29, 30, 30, 60]
    assert (pts_s <= times_s).all() and frames.shape == (6, 48, 64, 3)
    assert frames_at(video, [0.7], (24, 32))[0].shape == (1, 24, 32, 3)


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_the_clock_is_a_setting_and_so_is_the_first_number(tmp_path, kind):
    folder = "" if kind == tarfile.USTAR_FORMAT else f"{'long' * 40}é/"
    path = write_tar(tmp_path / "a.tar", numbered(range(10), folder, first=0), kind)
    video = look_at(path, clock=Clock(fps=10.0, first=0))
    frames, _ = frames_at(video, [0.05, 0.95])
    assert [barcode.read(frame) for frame in frames] == [0, 9] and video.end_s == 1.0


def test_optical_flow_comes_in_two_halves(tmp_path):
    u, v = (np.full((48, 64), value, np.uint8) for value in (40, 200))
    members = [
        (f"{name}/frame_{n:010d}.jpg", jpeg(half)) for name, half in (("u", u), ("v", v)) for n in (1, 2)
    ]
    video = look_at(write_tar(tmp_path / "a.tar", members), clock=Clock(fps=30.0, first=1))
    assert video.end_s == pytest.approx(2 / 30)
    (first, _), _ = frames_at(video, [0.0, 0.05])
    np.testing.assert_allclose(first.reshape(-1, 3).mean(0), [40, 200, 0], atol=2)
    with pytest.raises(DataError, match=r"not numbered from 1 on without a gap; see v/2"):
        look_at(write_tar(tmp_path / "b.tar", members[:3]), clock=SIXTY)


def _cut(tmp_path):
    path = write_tar(tmp_path / "a.tar", numbered(range(9)))
    path.write_bytes(path.read_bytes()[:-10240])
    return path


def _struck(tmp_path):
    path = write_tar(tmp_path / "a.tar", numbered(range(9)))
    data = bytearray(path.read_bytes())
    data[data.index(b"frame_0000000006")] ^= 1
    path.write_bytes(data)
    return path


REFUSED = {
    "a gap": (
        lambda folder: write_tar(folder / "a.tar", numbered(range(9))[:4] + numbered(range(9))[5:]),
        "see 5",
    ),
    "another first number": (
        lambda folder: write_tar(folder / "a.tar", numbered(range(9), first=0)),
        "see 0",
    ),
    "twice": (lambda folder: write_tar(folder / "a.tar", [*numbered(range(3)), ("b_2.jpg", b"")]), "two"),
    "several folders": (
        lambda folder: write_tar(folder / "a.tar", numbered(range(2), "a/") + numbered(range(2), "b/")),
        "frames in several folders, a and b",
    ),
    "none": (lambda folder: write_tar(folder / "a.tar", [("x.txt", b"x")]), "neither numbered"),
    "cut": (_cut, "cut off|damaged"),
    "a damaged header": (_struck, "cut off, or damaged"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_told_is_refused(tmp_path, kind):
    make, word = REFUSED[kind]
    with pytest.raises(DataError, match=word):
        look_at(make(tmp_path), clock=SIXTY)


def test_a_damaged_frame_is_told(tmp_path):
    members = numbered(range(9))
    members[4] = (members[4][0], members[4][1][:60] + bytes(len(members[4][1]) - 60))
    with pytest.raises(DataError, match=r"frame 4 (is damaged|does not decode)"):
        decodes_throughout(look_at(write_tar(tmp_path / "a.tar", members), clock=SIXTY))


def said_of_camera(data, turn):
    """A JPEG with what a camera writes into it: how the picture is turned (EXIF)."""
    what = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([turn]) + bytes(6)
    return data[:2] + b"\xff\xe1" + (len(what) + 2).to_bytes(2, "big") + what + data[2:]


def test_frames_of_a_camera_are_turned_as_it_says(tmp_path):
    members = [(name, said_of_camera(data, 3)) for name, data in numbered(range(4))]
    video = look_at(write_tar(tmp_path / "a.tar", members), clock=SIXTY)
    assert video.orientation.rotation == 180
    frames, _ = frames_at(video, [2 / 60])
    assert barcode.read(frames[0, ::-1, ::-1]) == 2
    video = look_at(write_tar(tmp_path / "b.tar", [*members[:2], *numbered(range(4))[2:]]), clock=SIXTY)
    with pytest.raises(DataError, match="the picture is turned otherwise than the first one"):
        frames_at(video, [2 / 60])


def test_the_table_brings_them_back(tar, tmp_path):
    folder = tar.parent
    columns, issues = probe(folder, video_files(folder, suffixes=FRAME_SUFFIXES).items(), clock=SIXTY)
    assert not issues and columns["video_id"] == ["P01_01"]
    write_table(tmp_path / "videos.parquet", VIDEOS, columns)
    table = read_table(tmp_path / "videos.parquet", VIDEOS)
    assert isinstance(table, pa.Table)
    frames, _ = frames_at(frame_tables(table, folder)["P01_01"], [0.25, 1.25])
    assert [barcode.read(frame) for frame in frames] == [15, 75]


def test_real_frames(shared_data):
    """Something-Something's, numbered from 1."""
    video = look_at(shared_data / "something_else/frames_151201.tar", clock=Clock(fps=12.0, first=1))
    decodes_throughout(video)
    assert len(video.pts_s) == 33, "what else lies there is left alone"
