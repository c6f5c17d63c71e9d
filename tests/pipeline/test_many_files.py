"""Many raw files are looked at once a plan, and remembered in one file."""

from __future__ import annotations

import os

import pytest

from foretaste.pipeline import contents
from foretaste.pipeline.contents import Contents, video_digest
from foretaste.pipeline.records import LISTED

OLD = 1_600_000_000


@pytest.fixture
def clips(tmp_path):
    """Paths of more files than are remembered one by one."""
    folder = tmp_path / "clips"
    folder.mkdir()
    paths = tuple(str(folder / f"{number}.webm") for number in range(LISTED + 5))
    for path in paths:
        with open(path, "w", encoding="utf-8") as file:
            file.write(path)
        os.utime(path, (OLD, OLD))
    return paths


def test_they_are_remembered_in_one_file_and_read_again_when_touched(clips, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(contents, "_settled", lambda status: True)  # (their inodes are new)
    monkeypatch.setattr(contents, "video_digest", lambda path: read.append(path.name) or video_digest(path))
    memory = tmp_path / "memory"
    first = Contents(memory).of_all(clips)
    assert first == [video_digest(path) for path in map(type(tmp_path), clips)]
    assert len(read) == len(clips) and len(list(memory.iterdir())) == 1
    read.clear()
    assert Contents(memory).of_all(clips) == first and read == []
    with open(clips[3], "a", encoding="utf-8") as file:
        file.write("more")
    again = Contents(memory).of_all(clips)
    assert read == ["3.webm"] and [n for n, pair in enumerate(zip(first, again)) if len({*pair}) > 1] == [3]


def test_who_may_not_write_remembers_nothing(clips, tmp_path):
    Contents(tmp_path / "memory", may_write=False).of_all(clips)
    assert not (tmp_path / "memory").exists()


def test_what_was_written_just_now_is_not_remembered(clips, tmp_path):
    """An edit within a tick of the clock would leave its times as they are."""
    Contents(tmp_path / "memory").of_all(clips)
    (file,) = (tmp_path / "memory").iterdir()
    assert file.read_text(encoding="utf-8").count("webm") == 0
