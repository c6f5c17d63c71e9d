"""Paths of config.yaml and files that a run is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.plan import Plan
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.places import check_given, check_holds_no_data

ROOT = Path(__file__).parents[2]


def run(**settings):
    return Catalogue({"dataset": "kitchen", **settings}, ROOT).run


@pytest.mark.parametrize("key", ["results_root", "data_root", "recipes"])
def test_home_and_variables_are_written_out(key, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("WORK", "/work")
    for written, meant in (
        ("~/x", "/home/me/x"),
        ("$HOME/x", "/home/me/x"),
        ("${WORK}/x/", "/work/x"),
        ("a/~/b", "a/~/b"),
        ("./x//y", "x/y"),
    ):
        assert getattr(run(**{key: written}), key) == meant


@pytest.mark.parametrize("key", ["results_root", "data_root", "recipes"])
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$NOT_SET_ANYWHERE/x", "NOT_SET_ANYWHERE is not set"),
        ("~nobody_here/x", "home is ~nobody_here"),
        ("", "empty"),
    ],
)
def test_what_cannot_be_written_out_is_refused(key, written, said):
    with pytest.raises(ConfigError, match=f"{said}.*config.yaml.{key}"):
        run(**{key: written})


def test_the_archive_of_openie_may_lie_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    backend = {"kind": "allennlp", "archive": "~/model.tar.gz", "environment": "$HOME/env"}
    plan = Plan(Catalogue({"dataset": "kitchen", "openie": {"backend": backend}}, ROOT))
    step = plan.describe("extract_openie", {"text": "kitchen", "shard": "0"})
    assert (step.inputs["archive"], step.places["environment"]) == ("/home/me/model.tar.gz", "/home/me/env")


def test_results_may_not_hold_wildcards():
    with pytest.raises(ConfigError, match="wildcards to Snakemake"):
        run(results_root="results/{dataset}")


@pytest.mark.parametrize(
    ("name", "corpus"),
    [
        ("layer1", "layer1"),
        ("-my_2.json", "-my_2"),
        ("layer1.json.gz", "layer1"),
        ("layer1.json.xz", "layer1"),
        ("layer1.bz2", "layer1"),
        ("Layer1.JSON.GZ", "Layer1"),
    ],
)
def test_a_file_of_recipes_may_have_any_plain_name(name, corpus, tmp_path):
    catalogue = Catalogue({"dataset": "epic55", "recipes": f"{tmp_path}/a b.c/{name}"}, ROOT)
    assert Locations(catalogue).corpus("epic55") == corpus
    assert (
        Plan(catalogue).describe("read_recipes", {"corpus": corpus}).inputs["recipes"]
        == f"{tmp_path}/a b.c/{name}"
    )


@pytest.mark.parametrize(
    "name", ["a b.json", "ü.json", "layer.1.json", "{x}.json", "layer1.json.zip", ".json"]
)
def test_any_other_name_is_refused(name):
    with pytest.raises(ConfigError, match=r"recipes named .*rename or link"):
        Locations(Catalogue({"dataset": "epic55", "recipes": f"/x/{name}"}, ROOT)).corpus("epic55")


def test_what_a_run_is_given_must_be_there(tmp_path):
    (tmp_path / "no suffix").touch()
    (tmp_path / "-dash.ü.h5").touch()
    (tmp_path / "a{b}").touch()
    check_given([f"{tmp_path}/no suffix", f"{tmp_path}/-dash.ü.h5"])
    for path, said in (
        (tmp_path / "x", "missing file"),
        (tmp_path, "a folder where a file should be"),
        (tmp_path / "a{b}", "wildcards"),
    ):
        with pytest.raises(DataError, match=said):
            check_given([str(path)])


def test_results_may_lie_beside_data_and_not_around_them(tmp_path):
    data = tmp_path / "data"
    for results in (data / "results", tmp_path / "results", tmp_path / "database"):
        check_holds_no_data(str(results), str(data))
    for results in (data, tmp_path, data / "x" / ".."):
        with pytest.raises(ConfigError, match="a folder for results that holds no data"):
            check_holds_no_data(str(results), str(data))
