"""Videos that are folders of numbered JPEG files: found, shown as tars are, known by what is in them."""

from __future__ import annotations

import barcode
import cv2
import numpy as np
import pytest

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import VIDEOS, read_table, write_table
from foretaste.pipeline.contents import Contents, video_digest
from foretaste.pipeline.video_files import FRAME_SUFFIXES, video_files
from foretaste.settings.places import check_given
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import confirmed, frame_tables, look_at
from foretaste.video.numbered_frames import Clock
from foretaste.video.probe import probe

SIXTY = Clock(fps=60.0, first=1)


def write(folder, count=60, first=1, draw=barcode.draw):
    folder.mkdir(parents=True)
    for at in range(count):
        cv2.imwrite(str(folder / f"frame_{first + at:010d}.jpg"), draw(at))
    return folder


def test_folders_are_found_among_tars_and_other_things(tmp_path):
    write(tmp_path / "P01" / "P01_01", 3)
    write(tmp_path / "P01" / "v1.5" / "u", 2), write(tmp_path / "P01" / "v1.5" / "v", 2)
    write(tmp_path / "elsewhere", 2)
    (tmp_path / "P01" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "P01" / "P01_02.tar").touch()
    (tmp_path / "P01" / "notes").mkdir()
    (tmp_path / "P01" / "notes" / "cover.jpg").touch()
    found = video_files(tmp_path / "P01", suffixes=FRAME_SUFFIXES)
    assert list(found) == ["P01_01", "P01_02", "linked", "v1.5"]
    assert list(video_files(tmp_path, "p01/*_0?*", FRAME_SUFFIXES)) == ["P01_01", "P01_02"]
    assert not video_files(tmp_path), "where videos are files, pictures are none"
    check_given(str(path) for paths in found.values() for path in paths)
    with pytest.raises(DataError, match="a folder where a file should be"):
        check_given([str(tmp_path / "P01" / "notes")])


def test_frames_are_shown_when_their_numbers_say(tmp_path):
    hidden = write(tmp_path / "frames" / "a") / "._frame_0000000001.jpg"
    hidden.write_bytes(b"what a Mac leaves beside a file")
    columns, issues = probe(
        tmp_path / "frames", video_files(tmp_path / "frames", suffixes=FRAME_SUFFIXES).items(), clock=SIXTY
    )
    assert not issues and columns["duration_s"] == [1.0]
    write_table(tmp_path / "videos.parquet", VIDEOS, columns)
    (video,) = frame_tables(read_table(tmp_path / "videos.parquet", VIDEOS), tmp_path / "frames").values()
    times_s = np.array([0.99, 0.0, 0.4999, 0.5])
    frames, pts_s = frames_at(confirmed(video), times_s)
    assert [barcode.read(frame) for frame in frames] == [59, 0, 29, 30] and (pts_s <= times_s).all()


def test_optical_flow_comes_in_two_halves(tmp_path):
    for half, value in (("u", 40), ("v", 200)):
        write(tmp_path / "a" / half, 3, draw=lambda at, value=value: np.full((48, 64), value, np.uint8))
    (first, _), _ = frames_at(look_at(tmp_path / "a", clock=Clock(fps=30.0, first=1)), [0.0, 0.05])
    np.testing.assert_allclose(first.reshape(-1, 3).mean(0), [40, 200, 0], atol=2)


def test_what_cannot_be_told_is_refused(tmp_path):
    gap = write(tmp_path / "gap", 9)
    (gap / "frame_0000000004.jpg").unlink()
    with pytest.raises(DataError, match="see 4"):
        look_at(gap, clock=SIXTY)
    twice = write(tmp_path / "twice", 3)
    (twice / "other_2.jpeg").write_bytes((twice / "frame_0000000002.jpg").read_bytes())
    with pytest.raises(DataError, match="two frames have the number 2"):
        look_at(twice, clock=SIXTY)
    cut = write(tmp_path / "cut", 4)
    whole = (cut / "frame_0000000003.jpg").read_bytes()
    (cut / "frame_0000000003.jpg").write_bytes(whole[: len(whole) // 3])
    video = look_at(cut, clock=SIXTY)
    with pytest.raises(DataError, match=r"frame 2 (is damaged|does not decode)"):
        frames_at(video, [2.5 / 60])
    with pytest.raises(DataError, match="not a file"):
        look_at(cut)


def test_a_folder_is_known_by_its_frames(tmp_path):
    path = write(tmp_path / "a", 50)
    contents = Contents(tmp_path / "memory")
    before, video = contents.of(path), look_at(path, clock=SIXTY)
    (path / "notes.txt").write_text("no frame")
    assert contents.of(path) == before == video_digest(path) and confirmed(video)
    cv2.imwrite(str(path / "frame_0000000050.jpg"), barcode.draw(999))
    assert contents.of(path) != before
    with pytest.raises(DataError, match="no longer the file that was probed"):
        confirmed(video)
