"""Stored frames: the right ones, of every kind of file; damage told in one line; kills; memory."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import barcode
import cv2
import frame_files
import h5py
import numpy as np
import pytest
from damage import damaged, outcomes

from foretaste.contracts.errors import DataError
from foretaste.features.frame_parts import store_videos, stored_size
from foretaste.features.frame_shard import write_frames
from foretaste.features.frame_store import FrameStore
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at

HERE = Path(__file__)


def number(picture):
    """The frame's number, off a picture of any size."""
    cells = cv2.resize(picture, (barcode.COLUMNS, barcode.ROWS), interpolation=cv2.INTER_AREA)
    on = (cells.mean(-1) > 127).ravel()
    return sum(1 << bit for bit, lit in enumerate(on) if lit)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a.mp4", {}),
        ("a.mp4", {"x264": "keyint=12:bframes=3:open-gop=1"}),
        ("a.mkv", {"ticks": [i * 60 + i % 2 * 30 for i in range(40)]}),
        ("a.avi", {"codec": "mpeg4"}),
        ("a.webm", {"codec": "libvpx"}),
    ],
)
def test_every_stored_frame_is_the_right_one(name, settings, tmp_path):
    video = look_at(barcode.write_clip(tmp_path / name, 40, **settings))
    wanted = np.array([0, 1, 2, 7, 11, 12, 13, 25, 38, 39])
    path = frame_files.write(tmp_path / "0.h5", {"a": wanted}, {"a": video}, frame_files.origin(side=40))
    store = FrameStore([path])
    got = store.pictures("a", wanted[::-1], stored_size(video, 40))
    assert got.shape == (10, 40, 53, 3) and got.dtype == np.uint8
    assert [number(picture) for picture in got] == wanted[::-1].tolist()
    decoded, pts_s = frames_at(video, video.pts_s[wanted[::-1]], (40, 53))
    assert np.abs(got.astype(int) - decoded).mean() < 3
    with h5py.File(path) as file:
        assert file["videos/a/pts_s"][()].tolist() == pts_s[::-1].tolist()


def test_pictures_are_turned_and_square_and_never_enlarged(tmp_path):
    path = barcode.write_clip(tmp_path / "a.mp4", 12)
    upright, turned = look_at(path), look_at(barcode.turned(path, 1))
    assert upright.shown_size == (48, 64) and stored_size(turned, 32) == (43, 32)
    assert stored_size(turned, 100) == (64, 48)
    stored = frame_files.write(
        tmp_path / "0.h5", {"a": np.arange(12)}, {"a": turned}, frame_files.origin(side=100)
    )
    (got,) = FrameStore([stored]).pictures("a", np.array([5]), (64, 48))
    assert number(np.rot90(got)) == 5


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    return {
        name: look_at(barcode.write_clip(folder / f"{name}.mp4", 30, numbers=range(start, start + 30)))
        for name, start in (("a", 0), ("b", 100), ("c", 200))
    }


PLAN = {"a": np.arange(0, 30, 3), "b": np.array([4]), "c": np.arange(30)}


def test_damage_is_one_line_or_changes_nothing(videos, tmp_path):
    """Flipped bits, cuts, holes, noise and missing bytes, 300 of them: what is read is what was written."""
    path = frame_files.write(tmp_path / "0.h5", PLAN, videos, frame_files.origin())
    whole = path.read_bytes()

    def read(at=path):
        store = FrameStore([at])
        return [store.pictures(name, frames, (48, 64)) for name, frames in PLAN.items()]

    expected = read()

    def one(seed):
        path.unlink()  # what maps the old file keeps it
        path.write_bytes(damaged(whole, seed))
        assert all(map(np.array_equal, read(), expected))

    lines, _ = outcomes(one, range(300))
    assert len(lines) > 250 and all(str(path) in line for line in lines)
    path.write_text("no frames")
    with pytest.raises(DataError, match=r"no HDF5|damaged frame file.*rerun store_frames"):
        read()
    path.unlink()
    with pytest.raises(DataError, match=r"missing frame file.*run store_frames"):
        read()


def test_data_of_another_file_are_refused(videos, tmp_path):
    path = frame_files.write(tmp_path / "0.h5", PLAN, videos, frame_files.origin())
    with h5py.File(path, "r+") as file:
        del file["videos/a/jpeg"]
        file["videos/a/jpeg"] = h5py.ExternalLink("other.h5", "/x")
    with pytest.raises(DataError, match=r"jpeg of 'a' is no data of this file.*rerun store_frames"):
        FrameStore([path])


def test_shards_belong_together(videos, tmp_path):
    one, two = (
        frame_files.write(tmp_path / f"{n}.h5", {n: PLAN[n]}, videos, frame_files.origin()) for n in "ab"
    )
    assert FrameStore([one, two]).videos == ("a", "b")
    with pytest.raises(DataError, match="'a' is in two shards"):
        FrameStore([one, one])
    other = frame_files.write(tmp_path / "c.h5", {"c": PLAN["c"]}, videos, frame_files.origin(quality=50))
    with pytest.raises(DataError, match=r"shards differ.*quality=50"):
        FrameStore([one, other])


def test_a_video_that_does_not_decode_is_an_issue_and_leaves_no_trace(videos, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(videos["a"].path.read_bytes())
    table = look_at(bad)
    bad.write_bytes(bad.read_bytes()[:-50])
    plan = {"bad": np.arange(5), "b": PLAN["b"]}
    parts, issues = store_videos(plan, {**videos, "bad": table}, frame_files.origin(), tmp_path / "scratch")
    assert [video.video_id for video, _ in parts] == ["b"]
    assert [(issue.file, issue.key) for issue in issues] == [("bad.mp4", "bad")]
    assert not list((tmp_path / "scratch").glob("*bad*"))


def test_a_damaged_part_is_made_again(videos, tmp_path):
    path = frame_files.write(tmp_path / "0.h5", PLAN, videos, frame_files.origin())
    whole, part = path.read_bytes(), tmp_path / "0.scratch" / "c.jpegs"
    as_written = part.read_bytes()
    for seed in range(5):
        part.write_bytes(damaged(as_written, seed))
        frame_files.write(path, PLAN, videos, frame_files.origin())
        assert path.read_bytes() == whole and part.read_bytes() == as_written
    before = part.stat().st_mtime_ns
    frame_files.write(path, PLAN, videos, frame_files.origin())
    assert part.stat().st_mtime_ns == before, "a finished video is not decoded again"


def test_what_was_stored_otherwise_is_stored_anew(videos, tmp_path):
    """Fewer frames, another quality, another size: the bytes are those of a store that was made afresh."""
    path = frame_files.write(tmp_path / "0.h5", PLAN, videos, frame_files.origin())
    fewer = PLAN | {"c": np.arange(10)}
    for at, (plan, of) in enumerate([(fewer, {}), (PLAN, {"quality": 60}), (PLAN, {"side": 24})]):
        afresh = frame_files.write(tmp_path / f"afresh{at}.h5", plan, videos, frame_files.origin(**of))
        frame_files.write(path, plan, videos, frame_files.origin(**of))
        assert path.read_bytes() == afresh.read_bytes(), of
    frame_files.write(path, fewer, videos, frame_files.origin())
    with pytest.raises(DataError, match="frame 10 is not stored"):
        FrameStore([path]).pictures("c", np.array([10]), (48, 64))


KILLED = """
import sys
sys.path[:0] = [{tests!r}]
import frame_files, numpy as np
from pathlib import Path
from foretaste.video.frame_table import look_at
out = Path({out!r})
videos = {{path.stem: look_at(path) for path in sorted(Path({folder!r}).iterdir())}}
print("ready", flush=True)
plan = {{name: np.arange(40) for name in videos}}
frame_files.write(out, plan, videos, frame_files.origin(side=240))
"""


def test_killed_at_random_it_ends_with_the_same_bytes(tmp_path):
    """kill -9 at eight random moments after it began, or until one run is through; then to the end: the same
    bytes as undisturbed.
    """
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in "abcdef":
        barcode.write_clip(folder / f"{name}.mp4", 40, size=(240, 320))
    tests = str(HERE.parents[1])

    def started(out):
        script = KILLED.format(tests=tests, out=str(out), folder=str(folder))
        return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)

    with started(tmp_path / "one.h5") as undisturbed:
        undisturbed.stdout.readline()
        began = time.monotonic()
        assert undisturbed.wait() == 0
    took_s, moments, through, kills = time.monotonic() - began, random.Random(0), False, 0
    # Where the machine is busier than before, no run would ever get through in the time that one took.
    while not through and kills < 8:
        with started(tmp_path / "two.h5") as process:
            process.stdout.readline()
            try:
                assert process.wait(timeout=moments.uniform(0, took_s / 2)) == 0
                through = True
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
    assert kills > 0, "the first of them came too late"
    with started(tmp_path / "two.h5") as last:
        assert last.wait() == 0
    assert (tmp_path / "two.h5").read_bytes() == (tmp_path / "one.h5").read_bytes()


MEMORY = """
import sys, resource
sys.path[:0] = [{tests!r}]
import frame_files, numpy as np
from pathlib import Path
from foretaste.video.frame_table import look_at
video = look_at(Path({video!r}))
plan = {{"a": np.arange(len(video.pts_s))}}
frame_files.write(Path({out!r}), plan, {{"a": video}}, frame_files.origin(side=200))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, Path({out!r}).stat().st_size)
"""


def test_memory_does_not_grow_with_the_video(tmp_path):
    """60 frames against 900, of noise that compresses badly: the larger file has more than 20 MB, peak memory
    is within 5 %.
    """
    found = []
    for frames in (60, 900):
        path = tmp_path / f"{frames}.mp4"
        noise = np.random.default_rng(0).integers(0, 256, (8, 200, 200, 3), np.uint8)
        drawn, barcode.draw = barcode.draw, lambda index, *_, noise=noise: noise[index % 8]
        try:
            barcode.write_clip(path, frames, size=(200, 200), x264="keyint=30:qp=30")
        finally:
            barcode.draw = drawn
        script = MEMORY.format(
            tests=str(HERE.parents[1]), video=str(path), out=str(tmp_path / f"{frames}.h5")
        )
        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        found.append([int(value) for value in said.stdout.split()])
    (small, few), (large, many) = found
    assert many > 12 * few and many > 20 << 20, (few, many)
    assert large < 1.05 * small, (small, large)


def test_the_same_frames_give_the_same_bytes(videos, tmp_path):
    first, second = (
        frame_files.write(tmp_path / name / "0.h5", PLAN, videos, frame_files.origin()).read_bytes()
        for name in ("x", "y")
        if not (tmp_path / name).mkdir()
    )
    assert first == second


def test_a_part_that_changes_while_it_is_copied_is_an_error(videos, tmp_path):
    parts, _ = store_videos(PLAN, videos, frame_files.origin(), tmp_path / "scratch")
    path = parts[2][1]
    path.write_bytes(damaged(path.read_bytes(), 1))
    with pytest.raises(DataError, match="damaged JPEG"):
        write_frames(tmp_path / "0.h5", frame_files.origin(), parts)
