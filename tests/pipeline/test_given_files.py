"""What the plan and the rules make of the files that a run is given: videos, features, recipes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import stand_ins
from jobs import rules_of

from foretaste.contracts.errors import ForetasteError
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Graph, Source
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.rules import Rules
from foretaste.settings.catalogue import Catalogue

ROOT = Path(__file__).parents[2]


def catalogue(**settings) -> Catalogue:
    return Catalogue({"dataset": "epic55", "systems": "lm_avt_counts", **settings}, ROOT)


def rules(**settings) -> Rules:
    return rules_of(catalogue(**settings))


def sources(stage, names, **settings):
    graph = Graph(Plan(catalogue(**settings)), Contents(Path("memory"), may_write=False))
    return graph.step(stage, names).sources


VIDEOS = "results/epic55/videos.parquet"


@pytest.fixture
def data(tmp_path):
    """A data root in EPIC-55's layout whose videos lie as people keep them."""
    labels = stand_ins.label_files(tmp_path, "epic55")
    for name in (
        *(path.relative_to(tmp_path) for path in labels),
        "epic55/videos/P01/P01_01.MP4",
        "epic55/videos/P01/P01_02.mp4",
        "epic55/videos/README",
        "epic55/videos/P01/notes.txt",
        "epic55/elsewhere/P02_01.MP4",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "epic55/videos/P02").symlink_to(tmp_path / "epic55/elsewhere")
    (tmp_path / "epic55/videos/all").symlink_to(tmp_path / "epic55/videos")
    return tmp_path


@pytest.mark.parametrize("name", ["layer1", "layer1.json", "-x", "layer1.xz"])
def test_recipes_of_any_name_are_a_file(name, tmp_path):
    file = tmp_path / "a b.c" / name
    file.parent.mkdir()
    file.touch()
    corpus = name.partition(".")[0]
    found = sources("read_recipes", {"corpus": corpus}, recipes=str(file))
    assert found == {"recipes": Source(str(file))}


def test_videos_in_linked_folders_and_of_any_case_are_inputs_and_what_lies_beside_them_is_not(data):
    files = sources("probe_videos", {"dataset": "epic55"}, data_root=str(data))["files"]
    assert [Path(file.path).relative_to(data / "epic55/videos").as_posix() for file in files] == [
        "P01/P01_01.MP4",
        "P01/P01_02.mp4",
        "P02/P02_01.MP4",
    ]


def test_a_video_that_is_exchanged_is_another_whatever_its_time(data):
    def key() -> str:
        graph = Graph(Plan(catalogue(data_root=str(data))), Contents(Path("memory"), may_write=False))
        return graph.step("probe_videos", {"dataset": "epic55"}).key

    video = data / "epic55/videos/P01/P01_01.MP4"
    before, stamp = key(), video.stat()
    video.write_bytes(b"another")
    os.utime(video, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    after = key()
    os.utime(video)
    assert before != after == key()


def test_a_video_that_is_renamed_is_another_though_no_byte_of_any_changes(data):
    """Their order stays: what was P01_02 is P01_01 now."""

    def key(root: Path = data) -> str:
        graph = Graph(Plan(catalogue(data_root=str(root))), Contents(Path("memory"), may_write=False))
        return graph.step("probe_videos", {"dataset": "epic55"}).key

    folder = data / "epic55/videos/P01"
    (folder / "P01_01.MP4").write_bytes(b"first")
    (folder / "P01_02.mp4").write_bytes(b"second")
    before = key()
    (folder / "P01_01.MP4").rename(folder / "P01_00.MP4")
    (folder / "P01_02.mp4").rename(folder / "P01_01.mp4")
    after = key()
    assert before != after
    (elsewhere := data.with_name("elsewhere")).symlink_to(data)
    assert key(elsewhere) == after, "where the folder lies does not count"


def test_a_name_that_is_no_utf8_is_one_line(data):
    os.rename(
        data / "epic55/videos/P01/P01_02.mp4", os.fsencode(data / "epic55/videos/P01") + b"/caf\xe9.mp4"
    )
    with pytest.raises(SystemExit, match=r"error: a name that is not UTF-8: .*caf.udce9\.mp4.*rename"):
        rules(data_root=str(data)).wanted_path(VIDEOS)({})


def test_a_folder_without_videos_says_what_it_holds(data):
    for name in ("P01/P01_01.MP4", "P01/P01_02.mp4"):
        (data / "epic55/videos" / name).rename((data / "epic55/videos" / name).with_suffix(".mp5"))
    (data / "epic55/videos/P02").unlink()
    with pytest.raises(SystemExit, match=r"error: no video matches \*\*/\*\.MP4.*2 named \*\.mp5"):
        rules(data_root=str(data)).wanted_path(VIDEOS)({})
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
        rules(data_root=str(tmp_path)).wanted_path("results/epic55/segments.parquet")({})


def test_a_folder_that_may_not_be_read_is_one_line(data, monkeypatch):
    wanted, scandir = rules(data_root=str(data)).wanted_path(VIDEOS), os.scandir

    def refuse(path):
        if "videos" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(SystemExit, match=r"error: Permission denied: .*videos"):
        wanted({})


@pytest.mark.parametrize("results", ["file", "file/below", "link"])
def test_results_in_a_file_are_refused(results, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(ForetasteError, match=r"no folder.*config.yaml.results_root"):
        rules(results_root=f"{tmp_path}/{results}")


@pytest.fixture
def kitchen(tmp_path) -> Rules:
    """A run that has the segments of the kitchen to make."""
    results = tmp_path / "results"
    made = rules(results_root=str(results), dataset="kitchen", systems=[])
    (receipt,) = made.wanted_path(f"{results}/kitchen/segments.parquet")({})
    assert Path(receipt).is_relative_to(results / ".runs")
    return made


def test_nothing_is_written_before_a_run_starts(kitchen, tmp_path):
    assert not list(tmp_path.iterdir())
    kitchen.start()
    kitchen.end()
    stages = {path.name.partition("-")[0] for path in (tmp_path / "results/.steps").iterdir()}
    assert stages == {"make_kitchen", "read_annotations", "name_results"}


def test_what_a_driver_left_that_died_is_swept_up_and_no_other(kitchen, tmp_path):
    kitchen.start()
    runs = tmp_path / "results/.runs"
    (alive,) = runs.iterdir()
    (runs / "0101-000000-abcdef").mkdir()
    other = rules(results_root=str(tmp_path / "results"), dataset="kitchen", systems=[])
    other.start()
    assert alive.is_dir() and not (runs / "0101-000000-abcdef").exists()
    other.end()
    assert list(runs.iterdir()) == [alive]
    kitchen.end()
    assert not list(runs.iterdir())


def test_drivers_that_start_at_once_leave_each_other_alone(tmp_path):
    """A folder that its driver has made and not yet locked is not taken for one of a driver that died."""
    runs = [rules(results_root=str(tmp_path / "results"), dataset="kitchen", systems=[]) for _ in range(4)]

    def begin(run: Rules) -> None:
        for attempt in range(100):
            run.run = f"0101-000000-{attempt:06x}{runs.index(run)}"
            run.start()
            run.end()

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(begin, runs))


def test_a_run_that_cannot_write_says_so(kitchen, monkeypatch):
    def full(path, value):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("foretaste.pipeline.jobs.remember_json", full)
    with pytest.raises(SystemExit, match=r"error: No space left on device: .*results"):
        kitchen.start()
    kitchen.end()
