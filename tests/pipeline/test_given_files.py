"""What the plan and the rules make of the files that a run is given: videos, features, recipes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from foretaste.pipeline.described import Folder

from foretaste.contracts.errors import ForetasteError
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.rules import Rules, declared

ROOT = Path(__file__).parents[2]


class Wildcards(dict):
    """As Snakemake's: a mapping that is asked for its items."""


def rules(**settings) -> Rules:
    return Rules(Plan(Catalogue({"dataset": "epic55", "systems": "lm_avt_counts", **settings}, ROOT)))


@pytest.fixture
def data(tmp_path):
    """A data root in EPIC-55's layout whose videos lie as people keep them."""
    for name in (
        "videos/P01/P01_01.MP4",
        "videos/P01/P01_02.mp4",
        "videos/README",
        "videos/P01/notes.txt",
        "elsewhere/P02_01.MP4",
    ):
        path = tmp_path / "epic55" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "epic55/videos/P02").symlink_to(tmp_path / "epic55/elsewhere")
    (tmp_path / "epic55/videos/all").symlink_to(tmp_path / "epic55/videos")
    return tmp_path


def test_only_folders_that_a_step_writes_are_known_by_their_manifest():
    assert declared([Folder("results/x/scores"), "/x/layer1", "/x/a.b"]) == [
        "results/x/scores/manifest.json",
        "/x/layer1",
        "/x/a.b",
    ]


@pytest.mark.parametrize("name", ["layer1", "layer1.json", "-x", "layer1.xz"])
def test_recipes_of_any_name_are_a_file(name, tmp_path):
    file = tmp_path / "a b.c" / name
    file.parent.mkdir()
    file.touch()
    corpus = name.partition(".")[0]
    inputs = rules(recipes=str(file)).inputs("read_recipes")(Wildcards(corpus=corpus))
    assert inputs == {"recipes": str(file)}


def test_videos_in_linked_folders_and_of_any_case_are_inputs_and_what_lies_beside_them_is_not(data):
    inputs = rules(data_root=str(data)).inputs("probe_videos")(Wildcards(dataset="epic55"))
    assert [Path(path).relative_to(data / "epic55/videos").as_posix() for path in inputs["files"]] == [
        "P01/P01_01.MP4",
        "P01/P01_02.mp4",
        "P02/P02_01.MP4",
    ]


def test_a_folder_without_videos_says_what_it_holds(data):
    for name in ("P01/P01_01.MP4", "P01/P01_02.mp4"):
        (data / "epic55/videos" / name).rename((data / "epic55/videos" / name).with_suffix(".mp5"))
    (data / "epic55/videos/P02").unlink()
    with pytest.raises(SystemExit, match=r"error: no video matches \*\*/\*\.MP4.*2 named \*\.mp5"):
        rules(data_root=str(data)).inputs("probe_videos")(Wildcards(dataset="epic55"))
    assert (
        not Locations(Catalogue({"dataset": "epic55", "data_root": str(data)}, ROOT)).videos("epic55").any()
    )


def test_features_are_found_through_links(data):
    (data / "store").mkdir()
    (data / "store" / "0.h5").touch()
    (data / "features").mkdir()
    (data / "features" / "ircsn152").symlink_to(data / "store")
    assert Locations(Catalogue({"dataset": "epic55", "data_root": str(data)}, ROOT)).features(
        "epic55", "ircsn152"
    ) == [f"{data}/features/ircsn152/0.h5"]


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(SystemExit, match=r"error: missing file: .*EPIC_train_action_labels.csv"):
        rules(data_root=str(tmp_path)).inputs("read_annotations")(Wildcards(dataset="epic55"))


def test_a_folder_that_may_not_be_read_is_one_line(data, monkeypatch):
    made, scandir = rules(data_root=str(data)).inputs("probe_videos"), os.scandir

    def refuse(path):
        if "videos" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(SystemExit, match=r"error: Permission denied: .*videos"):
        made(Wildcards(dataset="epic55"))


@pytest.mark.parametrize("results", ["file", "file/below", "link"])
def test_results_in_a_file_are_refused(results, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(ForetasteError, match=r"no folder.*config.yaml.results_root"):
        rules(results_root=f"{tmp_path}/{results}")


def test_a_step_file_is_written_when_it_is_asked_for_and_only_then(tmp_path):
    made = rules(results_root=str(tmp_path / "results"), dataset="kitchen", systems=[])
    wildcards = Wildcards(dataset="kitchen", part="recipes")
    made.spec("make_kitchen")(wildcards)
    assert not (tmp_path / "results").exists()
    assert Path(made.file("make_kitchen")(wildcards)).is_file()


def test_a_run_that_cannot_write_says_so_and_a_dry_run_does_not_mind(tmp_path, monkeypatch):
    def full(path, value):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("foretaste.pipeline.specs.remember_json", full)
    monkeypatch.setattr("foretaste.pipeline.rules.remember_json", full)
    made = rules(results_root=str(tmp_path / "results"), dataset="kitchen", systems=[])
    assert "make_kitchen-" in made.file("make_kitchen")(Wildcards(dataset="kitchen", part="recipes"))
    with pytest.raises(SystemExit, match=r"error: No space left on device: .*results"):
        made.check_writable()
