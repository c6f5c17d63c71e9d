"""foretaste init: what it makes, what it leaves alone, and what it refuses."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from foretaste.__main__ import main
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.families import PACKAGE
from foretaste.settings.preset_files import Files
from foretaste.settings.yaml_files import read_yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def brought(tmp_path, monkeypatch) -> Path:
    """A folder with videos and labels, to work in."""
    (tmp_path / "films").mkdir()
    (tmp_path / "films/a.mp4").touch()
    (tmp_path / "labels.csv").write_text("clip,start,stop,verb,noun,split\n")
    os.chmod(tmp_path / "labels.csv", 0o600)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*words: str) -> int:
    return main(["init", *words])


def test_data_stay_where_they_are(brought):
    assert init("tea", "--videos", "films", "--labels", "labels.csv") == 0
    assert (brought / "tea/data/tea/videos").resolve() == brought / "films"
    assert (brought / "tea/data/tea/labels.csv").resolve() == brought / "labels.csv"
    assert (brought / "labels.csv").stat().st_mode & 0o777 == 0o600
    dataset = (brought / "tea/workflow/datasets/tea.yaml").read_text()
    assert "clip, start, stop, verb, noun, split" in dataset and "$" not in dataset


@pytest.mark.parametrize("name", ["actions #1.csv", "it's: all & more.csv", "-a.csv", "åctions\n.csv"])
def test_labels_may_be_called_anything(brought, name):
    (brought / name).write_text('clip,"start\nof: it",stop\n')
    assert init("tea", "--videos", "films", "--labels", str(brought / name)) == 0
    reader = read_yaml(brought / "tea/workflow/datasets/tea.yaml")["reader"]
    assert (brought / "tea/data" / reader["file"]).resolve() == brought / name


def test_a_project_adds_to_the_presets_of_the_package(brought):
    init("tea", "--videos", "films", "--labels", "labels.csv")
    project = brought / "tea"
    (project / "workflow/systems/mine.yaml").write_text("base: lm_avt_own\ntitle: Mine\n")
    seen = Catalogue(read_yaml(project / "config.yaml"), project)
    assert (seen.run.dataset, seen.systems) == ("tea", ("lm_avt_own",))
    assert seen.fits("tea", "mine") and seen.system("tea", "mine").title == "Mine"
    assert set(seen.files.names("datasets")) == {"tea", *Files(ROOT).names("datasets")}


def test_every_key_of_its_config_is_one(brought):
    init("try")
    assert read_yaml(brought / "try/config.yaml").items() <= read_yaml(ROOT / "config.yaml").items()


def test_two_of_one_name_are_told(brought):
    init("try")
    (brought / "try/workflow/systems/lm_avt.yaml").write_text("title: Another\n")
    with pytest.raises(Exception, match=r"two systems of one name 'lm_avt': \S+/try/workflow/systems/lm_avt"):
        Catalogue({"dataset": "kitchen"}, brought / "try")


def test_a_checkout_reads_its_own_workflow_alone():
    assert Files(ROOT).root == ROOT and (PACKAGE / "workflow").resolve() == ROOT / "workflow"
    assert (PACKAGE / "Snakefile").resolve() == ROOT / "Snakefile"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tea", "--videos", "films"], "half of a dataset"),
        (["films"], "something is there: films"),
        (["kitchen", "--videos", "films", "--labels", "labels.csv"], "dataset named 'kitchen'"),
        (["Tea", "--videos", "films", "--labels", "labels.csv"], "small letters"),
        (["tea", "--videos", "nowhere", "--labels", "labels.csv"], "no folder of videos: nowhere"),
        (["tea", "--videos", "films", "--labels", "films"], "no labels: films"),
    ],
)
def test_what_cannot_be_a_project_is_refused(brought, capsys, words, told):
    assert init(*words) == 1
    assert told in capsys.readouterr().err
    assert sorted(path.name for path in brought.iterdir()) == ["films", "labels.csv"]


def test_its_readme_names_commands_that_are_there(brought):
    init("tea", "--videos", "films", "--labels", "labels.csv")
    page = (brought / "tea/README.md").read_text()
    for word in re.findall(r"^foretaste (\w+)", page, re.M):
        assert (ROOT / f"src/foretaste/tools/{word}.py").exists()
