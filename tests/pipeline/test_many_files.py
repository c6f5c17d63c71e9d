"""Many raw files are looked at once a plan, and remembered in one file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from jobs import raw_job, record_of

from foretaste.contracts.errors import DataError
from foretaste.pipeline import contents
from foretaste.pipeline.contents import Contents, video_digest
from foretaste.pipeline.jobs import read_job
from foretaste.pipeline.once import Once
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


def test_jobs_that_read_them_share_one_list(clips, tmp_path):
    """It is written down once, and a job is read back with it; another list in its place is an error."""
    sources = {"videos": [Path(path) for path in clips]}
    jobs = [raw_job(tmp_path, record(tmp_path, clips, shard), sources, {}) for shard in range(3)]
    (many,) = tmp_path.glob(".steps/many-*.json")
    assert sum(path.stat().st_size for path in jobs) < many.stat().st_size
    assert [source["path"] for source in read_job(jobs[2])["sources"]["videos"]] == list(clips)
    many.write_text(many.read_text().replace("1.webm", "2.webm"))
    with pytest.raises(DataError, match="another list than was written"):
        read_job(jobs[2])
    many.unlink()
    with pytest.raises(DataError, match="missing file"):
        read_job(jobs[2])


def record(folder: Path, clips: Sequence[str], shard: int) -> dict[str, Any]:
    return record_of("gather_issues", {"shard": shard}, {"videos": [Path(path) for path in clips]}, folder)


def test_once_asks_for_each_value_once():
    asked = []
    once = Once(lambda value: asked.append(value) or len(value))
    one, equal = [1, 2], [1, 2]
    assert (once(one), once(one), once(equal)) == (2, 2, 2) and len(asked) == 2
    assert {once([n, n]) for n in range(99)} == {2} and len(asked) == 101  # none takes another's place
