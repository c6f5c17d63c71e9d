"""A dataset of every kind in which nothing is wrong has no finding; what is published is about datasets."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import barcode
import pytest
import yaml
from seeded import describe, examined, told
from workflow_copy import ROOT, copy_workflow

from foretaste.annotations.jhmdb import CLASSES as JHMDB
from foretaste.annotations.thumos14 import CLASSES as THUMOS
from foretaste.doctor.published import RECIPE1M, published
from foretaste.kitchen import parts
from foretaste.kitchen.config import WorldConfig
from foretaste.settings.preset_files import Files


def clips(folder: Path, names: list[str], suffix: str = ".mp4", frames: int = 60) -> None:
    """A little video a name, each another."""
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        numbers = [(7 * at + number) % 4096 for at in range(frames)]
        codec = "mpeg4" if suffix == ".avi" else "libx264"
        barcode.write_clip(folder / f"{name}{suffix}", frames, codec=codec, options={}, numbers=numbers)


def lines(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def make_epic100(data: Path) -> dict:
    folder = data / "epic100"
    head = "narration_id,participant_id,video_id,start_timestamp,stop_timestamp,start_frame"
    labels = f"{head},narration,verb_class,noun_class"
    lines(folder / "EPIC_100_verb_classes.csv", "id,key", "0,take", "1,put")
    lines(folder / "EPIC_100_noun_classes.csv", "id,key", "0,tap", "1,spoon")
    for name, video in (("train", "P01_01"), ("validation", "P02_01")):
        rows = [
            f"{video}_{at},{video[:3]},{video},00:00:{2 + at:05.2f},00:00:{3 + at:05.2f},{60 * (2 + at)},"
            f"take spoon,0,1"
            for at in range(3)
        ]
        lines(folder / f"EPIC_100_{name}.csv", labels, *rows)
    lines(folder / "EPIC_100_test_timestamps.csv", head, "P03_01_0,P03,P03_01,00:00:02.00,00:00:03.00,120")
    lines(folder / "EPIC_100_tail_verbs.csv", "verb", "1")
    lines(folder / "EPIC_100_tail_nouns.csv", "noun", "0")
    lines(folder / "EPIC_100_unseen_participant_ids_validation.csv", "participant_id", "P02")
    clips(data / "videos", ["P01_01", "P02_01", "P03_01"])
    return {"reader": {"kind": "epic100"}, "systems": "lm_avt_counts", "tau_a": 1.0, "tau_o": 2.0}


def make_egtea(data: Path) -> dict:
    folder = data / "rulstm/egtea"
    lines(folder / "actions.csv", "0,0_0,Take_cup", "1,1_0,Put_cup")
    lines(folder / "training1.csv", "0,OP01-R01,60,90,0,0,0", "1,OP01-R01,90,120,1,0,1")
    lines(folder / "validation1.csv", "2,OP02-R01,60,90,0,0,0")
    clips(data / "videos", ["OP01-R01", "OP02-R01"])
    return {"reader": {"kind": "egtea"}, "systems": "lm_avt_counts", "tau_a": 0.5, "tau_o": 2.0}


CLIPS = {"train": (30, "Pushing"), "validation": (7, "Opening")}


def make_ssv2(data: Path) -> dict:
    folder = data / "ssv2"
    folder.mkdir(parents=True)
    labels = {"Opening something": "0", "Pushing something": "1"}
    contents = {"labels": labels, "test": [{"id": "99"}]}
    for split, (number, verb) in CLIPS.items():
        contents[split] = [{"id": str(number), "label": f"{verb} a cup", "template": f"{verb} [something]"}]
    for name, content in contents.items():
        (folder / f"something-something-v2-{name}.json").write_text(json.dumps(content))
    clips(data / "videos", ["30", "7", "99"])
    return {"reader": {"kind": "ssv2"}, "systems": "recognition"}


def make_something_else(data: Path) -> dict:
    folder = data / "something_else/compositional"
    folder.mkdir(parents=True)
    contents: dict = {"labels": {"Pushing something": 0, "Opening something": 1}}
    for split, (number, verb) in CLIPS.items():
        contents[split] = [{"id": str(number), "label": f"{verb} a cup", "template": f"{verb} [something]"}]
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    clips(data / "videos", ["30", "7"])
    return {"reader": {"kind": "something_else"}, "systems": "recognition"}


def make_jhmdb(data: Path) -> dict:
    for name in JHMDB:
        lines(data / f"jhmdb/splits/{name}_test_split1.txt", f"a_{name}.avi 1", f"b_{name}.avi 2")
    clips(data / "videos", [f"{side}_{name}" for name in JHMDB for side in "ab"], ".avi", 15)
    videos = {"folder": "videos", "pattern": "**/*.avi"}
    return {"reader": {"kind": "jhmdb"}, "systems": "recognition", "evaluated": "test", "videos": videos}


def make_thumos14(data: Path) -> dict:
    folders = {
        "val": "thumos14/TH14_Temporal_annotations_validation/annotation",
        "test": "thumos14/TH14_Temporal_annotations_test/annotations/annotation",
    }
    for short, folder in folders.items():
        for number, name in enumerate(THUMOS):
            start_s = 2 + 0.1 * number
            lines(data / folder / f"{name}_{short}.txt", f"video_{short} {start_s:.1f} {start_s + 1:.1f}")
    clips(data / "videos", ["video_val", "video_test"])
    times = {"tau_a": 1.0, "tau_o": 1.0}
    return {"reader": {"kind": "thumos14"}, "systems": "lm_avt_own", "evaluated": "test", **times}


def make_csv(data: Path) -> dict:
    data.mkdir(parents=True)
    with open(data / "labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["video", "start", "stop", "split", "verb", "noun"])
        for split, video in (("training", "one"), ("validation", "two")):
            writer.writerows([[video, 2 + at, 3 + at, split, "take", "cup"] for at in range(3)])
    clips(data / "videos", ["one", "two"])
    reader = {"kind": "csv", "file": "labels.csv"}
    return {"reader": reader, "systems": "lm_avt_own", "tau_a": 1.0, "tau_o": 2.0}


KINDS: dict[str, Callable[[Path], dict]] = {
    "epic100": make_epic100, "egtea": make_egtea, "ssv2": make_ssv2, "something_else": make_something_else,
    "jhmdb": make_jhmdb, "thumos14": make_thumos14, "csv": make_csv,
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """The working folder."""
    copy_workflow(tmp_path)
    (tmp_path / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def passes(capsys, dataset: str, *options: str) -> set[str]:
    """The checks of a clean dataset that looked at something."""
    code, found = examined(capsys, dataset, "--fail-on", "warn", *options)
    assert code == 0, "\n".join(map(told, found.values()))
    return {name for name, one in found.items() if one["level"] == "PASS"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_clean_dataset_of_every_kind_has_no_finding(kind, checkout, capsys):
    settings = {"title": kind, "videos": {"folder": "videos"}, **KINDS[kind](checkout / "data")}
    describe(checkout, "datasets", "clean", settings)
    layer = [
        {"id": "a", "partition": "train", "title": "t", "url": "u", "ingredients": [], "instructions": []}
    ]
    (checkout / "layer1.json").write_text(json.dumps(layer))
    looked = passes(capsys, "clean", "--config", "recipes=layer1.json")
    assert looked >= {
        "files",
        "rows",
        "counts",
        "splits",
        "classes",
        "videos",
        "video_times",
        "samples",
        "plan",
    }


def test_a_generated_world_is_examined_once_it_is_made(checkout, capsys):
    assert passes(capsys, "kitchen_micro") == {"weights", "plan"}
    config = WorldConfig(
        **yaml.safe_load((checkout / "workflow/datasets/kitchen_micro.yaml").read_text())["world"]
    )
    world = checkout / "results/kitchen_micro/world"
    for part in ("annotations", "videos"):
        (world / part).mkdir(parents=True)
    parts.make_annotations(config, world / "annotations")
    parts.make_videos(config, world / "videos", checkout / "scratch", 1)
    assert passes(capsys, "kitchen_micro") >= {"rows", "clocks", "videos", "video_times", "samples", "plan"}


RECIPES = {"train": 3, "val": 1, "test": 1}


def recipe(name: str, partition: str) -> dict:
    texts = {"id": name, "partition": partition, "title": "t", "url": "u"}
    return {**texts, "ingredients": [], "instructions": [{"text": "Cut the tomatoes."}]}


@pytest.fixture
def corpus(checkout) -> list[dict]:
    """A corpus as it is said to be published."""
    describe(checkout, "published", RECIPE1M, {"recipes": RECIPES})
    return [recipe(f"{part}{at}", part) for part, count in RECIPES.items() for at in range(count)]


def write_corpus(recipes: list[dict]) -> tuple[str, str]:
    with gzip.open("layer1.json.gz", "wt") as file:
        json.dump(recipes, file)
    return "--config", "recipes=layer1.json.gz"


def test_a_clean_corpus_has_no_finding(corpus, capsys):
    assert passes(capsys, RECIPE1M, *write_corpus(corpus)) == {"recipes"}


@pytest.mark.parametrize(
    ("change", "word", "level"),
    [
        (lambda recipes: recipes.pop(0), "2 recipes of train: layer1.json.gz: 3, as published", "FAIL"),
        (lambda recipes: recipes[0].pop("url"), "no url: layer1.json.gz: row 0, train0", "FAIL"),
        (lambda recipes: recipes[1].update(id="train0"), "1 ids that occur again", "WARN"),
        (
            lambda recipes: [one.update(partition="val") for one in recipes],
            "no recipe of the partition",
            "FAIL",
        ),
    ],
)
def test_a_fault_of_the_corpus_is_found(change, word, level, corpus, capsys):
    change(corpus)
    _, found = examined(capsys, RECIPE1M, *write_corpus(corpus))
    assert found["recipes"]["level"] == level and word in told(found["recipes"])


def test_a_corpus_that_is_cut_off_is_found(corpus, capsys):
    options = write_corpus(corpus)
    path = Path("layer1.json.gz")
    path.write_bytes(path.read_bytes()[:60])
    code, found = examined(capsys, RECIPE1M, *options)
    assert code == 1 and "layer1.json.gz" in told(found["recipes"])


@pytest.mark.parametrize("split", [1, 2, 3])
def test_the_real_lists_of_jhmdb_pass(split, shared_data, tmp_path, capsys):
    (tmp_path / "jhmdb").mkdir()
    zipfile.ZipFile(shared_data / "jhmdb/splits.zip").extractall(tmp_path / "jhmdb")
    options = ("--config", f"data_root={tmp_path}", "--only", "files", "rows", "counts", "splits", "classes")
    assert len(passes(capsys, f"jhmdb_s{split}", *options)) == 5


def test_what_is_published_is_about_datasets_that_there_are():
    files = Files(ROOT)
    names = [path.stem for path in (ROOT / "workflow/published").glob("*.yaml")]
    assert len(names) > 8
    for name in names:
        known = published(files, name)
        assert known is not None and (name == RECIPE1M or name in files.names("datasets"))
