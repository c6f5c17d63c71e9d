"""Files of a folder by a pattern: links, letter case, and what lies beside videos."""

from __future__ import annotations

import os

import pytest

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline.dataset_videos import DatasetVideos
from foretaste.pipeline.found_files import circles, matching
from foretaste.pipeline.video_files import no_videos, video_files
from foretaste.settings.config import DatasetConfig, VideoFolder
from foretaste.video.frame_table import look_at


@pytest.fixture
def folder(tmp_path):
    """P01 here, P02 elsewhere and linked, two links in a circle, files that are no videos."""
    for path in (
        "here/P01/P01_01.MP4",
        "here/P01/P01_02.mp4",
        "here/README",
        "here/P01/P01_01.txt",
        "here/P01/._P01_01.MP4",
        "there/P02_01.MP4",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    here = tmp_path / "here"
    (here / "P02").symlink_to(tmp_path / "there")
    (here / "P01" / "up").symlink_to(here)
    (tmp_path / "there" / "round").symlink_to(here)
    (here / "itself.mp4").symlink_to(here / "itself.mp4")
    return here


def names(folder, pattern):
    return [str(path.relative_to(folder)) for path in matching(folder, pattern)]


def test_linked_folders_are_looked_into_and_circles_end(folder):
    assert list(video_files(folder, "**/*")) == ["P01_01", "P01_02", "P02_01", "itself"]
    assert names(folder, "P02/*") == ["P02/P02_01.MP4"]
    assert video_files(folder, "**/*")["P02_01"] == [folder / "P02" / "P02_01.MP4"]


def test_links_in_a_circle_are_named(folder):
    found = [str(path.relative_to(folder)) for path in circles(folder, "**/*")]
    assert found == ["P01/up", "P02/round"] and circles(folder, "P01/*.mp4") == []


def test_folders_that_all_link_to_each_other_are_looked_into_once(tmp_path):
    """There are 20! paths to each file."""
    for number in range(20):
        (tmp_path / f"d{number:02d}").mkdir()
        (tmp_path / f"d{number:02d}/v{number:02d}.mp4").touch()
        for other in range(20):
            (tmp_path / f"d{number:02d}/to{other:02d}").symlink_to(tmp_path / f"d{other:02d}")
    found = [str(path.relative_to(tmp_path)) for path in matching(tmp_path, "**/*.mp4")]
    assert found == [f"d{number:02d}/v{number:02d}.mp4" for number in range(20)]


@pytest.mark.parametrize("pattern", ["**/*.MP4", "**/*.mp4", "*/*.Mp4", "p0?/**/*_0[12].mp4"])
def test_letter_case_hides_no_video(folder, pattern):
    (folder / "itself.mp4").unlink()
    assert list(video_files(folder, pattern)) == ["P01_01", "P01_02", "P02_01"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", ["README", "itself.mp4"]),
        ("**/READ*", ["README"]),
        ("P01/*.txt", ["P01/P01_01.txt"]),
        ("**/P01/**/*.txt", ["P01/P01_01.txt"]),
        ("P01", []),
        ("none/*", []),
    ],
)
def test_a_pattern_means_what_a_shell_means(folder, pattern, found):
    assert names(folder, pattern) == found


@pytest.mark.parametrize("pattern", ["../x", "/etc/*", "a/../../b", ""])
def test_a_pattern_stays_inside(folder, pattern):
    with pytest.raises(ConfigError, match="inside this folder"):
        matching(folder, pattern)


def test_a_file_that_is_linked_twice_is_one_video(folder):
    (folder / "P01" / "again").mkdir()
    (folder / "P01" / "again" / "P01_02.mp4").symlink_to(folder / "P01" / "P01_02.mp4")
    (folder / "P01" / "again" / "P01_01.mp4").touch()
    found = video_files(folder)
    assert found["P01_02"] == [folder / "P01" / "P01_02.mp4"]
    assert len(found["P01_01"]) == 2, "two files for one video, which probe_videos says"


def test_a_folder_that_may_not_be_read_is_no_empty_folder(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        matching(folder, "**/*")


def test_where_no_video_is_found_the_error_says_what_lies_there(folder):
    said = str(no_videos(folder, "**/*.avi"))
    assert "no video matches **/*.avi" in said and "2 named *.MP4" in said and "1 named *README" in said
    with pytest.raises(DataError, match="missing video folder"):
        video_files(folder / "nowhere")


def test_what_is_no_file_is_left_to_the_probe(tmp_path):
    """A pipe would be waited on for ever before anything runs."""
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "a.mp4").touch()
    (folder / "b.mp4").symlink_to("nowhere.mp4")
    (folder / "c.mp4").symlink_to("c.mp4")
    os.mkfifo(folder / "d.mp4")
    settings = DatasetConfig.model_construct(world=None, videos=VideoFolder(folder="videos"))
    videos = DatasetVideos(name="d", settings=settings, data_root=str(tmp_path), results="")
    assert videos.files() == [str(folder / "a.mp4")]
    assert list(video_files(folder)) == ["a", "b", "c", "d"]
    for path in sorted(folder.iterdir())[1:]:
        with pytest.raises(DataError, match="not a file, or a link to nothing"):
            look_at(path)
