"""Recipes -> sentences -> extractions (shards) -> phrases, on generated and real files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import EXTRACTIONS, ISSUES, PHRASES, SENTENCES, read_table
from foretaste.pipeline.step import Step
from foretaste.stages import extract_openie, make_phrases, read_recipes

RECIPES = [
    {"id": "a1", "title": "Soup", "partition": "train", "url": "", "ingredients": [], "instructions": [
        {"text": "1. Chop the onions. Boil 2 cups of water."}, {"text": "Let it cool."}]},
    {"id": "b2", "title": "Cake", "partition": "val", "url": "", "ingredients": [], "instructions": [
        {"text": "Preheat oven to 350 degrees F."}, {"text": ""}, {"text": "Beat the eggs and stir in the "
        "flour; bake."}]},
]  # fmt: skip


def run(stage, folder: Path, inputs: dict, outputs: dict, config: dict) -> None:
    stage.run(
        Step(
            stage=stage.__name__.rsplit(".", 1)[1],
            inputs=inputs,
            outputs={name: folder / file for name, file in outputs.items()},
            config=config,
            scratch=folder / "scratch" / f"{stage.__name__}-{config.get('shard')}",
        )
    )


def read(folder: Path, recipes: Path, **config) -> None:
    run(
        read_recipes,
        folder,
        {"recipes": recipes},
        {"sentences": "sentences.parquet", "issues": "issues.parquet"},
        {"on_bad_input": "fail"} | config,
    )


def extract(folder: Path, shards: int) -> None:
    for shard in range(shards):
        run(
            extract_openie,
            folder,
            {"sentences": folder / "sentences.parquet"},
            {"extractions": f"shards/{shard}.parquet", "issues": f"issues/{shard}.parquet"},
            {"shards": shards, "shard": shard, "backend": {"kind": "rules"}},
        )


def phrase(folder: Path, shards: int, **config) -> None:
    run(
        make_phrases,
        folder,
        {"extractions": [folder / f"shards/{shard}.parquet" for shard in range(shards)]},
        {"phrases": "phrases.parquet", "extractions": "extractions.parquet"},
        config,
    )


@pytest.fixture
def layer1(tmp_path):
    path = tmp_path / "layer1.json"
    path.write_text(json.dumps(RECIPES))
    return path


def test_from_recipes_to_phrases(tmp_path, layer1):
    read(tmp_path, layer1)
    sentences = read_table(tmp_path / "sentences.parquet", SENTENCES).to_pylist()
    assert [(row["recipe_id"], row["partition"], row["position"], row["text"]) for row in sentences] == [
        ("a1", "train", 0, "Chop the onions."),
        ("a1", "train", 1, "Boil 2 cups of water."),
        ("a1", "train", 2, "Let it cool."),
        ("b2", "val", 0, "Preheat oven to 350 degrees F."),
        ("b2", "val", 1, "Beat the eggs and stir in the flour; bake."),
    ]
    assert read_table(tmp_path / "issues.parquet", ISSUES).num_rows == 0
    extract(tmp_path, 2)
    phrase(tmp_path, 2)
    text = {(row["recipe_id"], row["position"]): row["text"] for row in sentences}
    extractions = read_table(tmp_path / "extractions.parquet", EXTRACTIONS).to_pylist()
    assert [
        (row["recipe_id"], row["position"], row["order"], row["verb"], row["object_head"])
        for row in extractions
    ] == [
        ("a1", 0, 0, "chop", "onion"),
        ("a1", 1, 0, "boil", "water"),
        ("a1", 2, 0, "cool", "it"),
        ("b2", 0, 0, "preheat", "oven"),
        ("b2", 1, 0, "beat", "egg"),
        ("b2", 1, 1, "stir in", "flour"),
        ("b2", 1, 2, "bake", None),
    ]
    for row in extractions:
        if row["object"]:
            assert (
                text[row["recipe_id"], row["position"]][row["object_start"] : row["object_stop"]]
                == row["object"]
            )
    phrases = read_table(tmp_path / "phrases.parquet", PHRASES).to_pylist()
    assert [(row["recipe_id"], row["partition"], row["order"], row["phrase"]) for row in phrases] == [
        ("a1", "train", 0, "chop onion"),
        ("a1", "train", 1, "boil water"),
        ("a1", "train", 2, "cool it"),
        ("b2", "val", 0, "preheat oven"),
        ("b2", "val", 1, "beat egg"),
        ("b2", "val", 2, "stir in flour"),
    ]


def test_the_number_of_shards_changes_nothing(tmp_path, shared_data):
    source = shared_data / "recipes" / "layer1_public_domain_a.json"
    made = []
    for shards in (1, 3):
        folder = tmp_path / str(shards)
        read(folder, source)
        extract(folder, shards)
        phrase(folder, shards)
        made.append(
            (
                read_table(folder / "extractions.parquet", EXTRACTIONS),
                read_table(folder / "phrases.parquet", PHRASES),
            )
        )
    assert made[0][0].equals(made[1][0]) and made[0][1].equals(made[1][1]) and made[0][1].num_rows > 1500


def test_the_same_input_gives_the_same_bytes(tmp_path, layer1):
    files = []
    for name in ("one", "two"):
        read(tmp_path / name, layer1)
        extract(tmp_path / name, 1)
        phrase(tmp_path / name, 1)
        made = [path.relative_to(tmp_path / name) for path in sorted((tmp_path / name).rglob("*.parquet"))]
        files.append(
            {path: (tmp_path / name / path).read_bytes() for path in made if path.parts[0] != "scratch"}
        )
    assert files[0] == files[1] and len(files[0]) == 6


def test_a_folder_stands_for_the_layer1_in_it(tmp_path, layer1):
    read(tmp_path / "out", layer1.parent)
    assert set(read_table(tmp_path / "out" / "sentences.parquet", SENTENCES)["recipe_id"].to_pylist()) == {
        "a1",
        "b2",
    }


def test_bad_rows_stop_the_stage_or_become_issues(tmp_path):
    path = tmp_path / "layer1.json"
    path.write_text(json.dumps([RECIPES[0], {"id": "c3"}, RECIPES[0], RECIPES[1]]))
    with pytest.raises(DataError) as caught:
        read(tmp_path / "out", path)
    assert (
        "2 bad inputs: layer1.json, 1, c3: no partition; layer1.json, 2, a1: the id of an earlier recipe"
        in str(caught.value)
    )
    assert not (tmp_path / "out" / "sentences.parquet").exists()
    read(tmp_path / "out", path, on_bad_input="skip")
    issues = read_table(tmp_path / "out" / "issues.parquet", ISSUES).to_pylist()
    assert [(row["file"], row["row"], row["key"], row["action"]) for row in issues] == [
        ("layer1.json", "1", "c3", "skipped"),
        ("layer1.json", "2", "a1", "skipped"),
    ]
    assert read_table(tmp_path / "out" / "sentences.parquet", SENTENCES).num_rows == 5


def test_what_was_cleaned_is_counted_in_a_row_for_each_kind_and_stops_nothing(tmp_path):
    lines = [
        "Add <b>the</b> salt &amp; oil.<br>Stir well.",
        "Boil the\u200b eggs",
        "Fry them",
        "Don&#8217;t stir.",
    ]
    recipe = RECIPES[1] | {"instructions": [{"text": line} for line in lines]}
    path = tmp_path / "layer1.json"
    path.write_text(json.dumps([RECIPES[0], recipe]))
    read(tmp_path, path)
    issues = read_table(tmp_path / "issues.parquet", ISSUES).to_pylist()
    assert [(row["row"], row["key"], row["reason"], row["action"]) for row in issues] == [
        ("1", "b2", "HTML entities decoded in 2 instructions, first in this one", "cleaned"),
        ("1", "b2", "HTML tags removed in 1 instruction", "cleaned"),
        ("1", "b2", "invisible characters removed in 1 instruction", "cleaned"),
    ]
    sentences = read_table(tmp_path / "sentences.parquet", SENTENCES).to_pylist()
    texts = [row["text"] for row in sentences if row["recipe_id"] == "b2"]
    assert texts == ["Add the salt & oil.", "Stir well.", "Boil the eggs", "Fry them", "Don’t stir."]


def test_recipes_without_a_sentence_make_empty_tables(tmp_path):
    path = tmp_path / "layer1.json"
    path.write_text(json.dumps([RECIPES[0] | {"instructions": []}]))
    read(tmp_path, path)
    extract(tmp_path, 2)
    phrase(tmp_path, 2)
    assert read_table(tmp_path / "phrases.parquet", PHRASES).num_rows == 0


def test_settings_of_phrases_and_backend_are_checked(tmp_path, layer1):
    read(tmp_path, layer1)
    extract(tmp_path, 1)
    with pytest.raises(ConfigError, match="object"):
        phrase(tmp_path, 1, objekt="head")
    with pytest.raises(ConfigError, match="rules"):
        run(
            extract_openie,
            tmp_path,
            {"sentences": tmp_path / "sentences.parquet"},
            {"extractions": "x.parquet", "issues": "y.parquet"},
            {"shards": 1, "shard": 0, "backend": {"kind": "openie_rule"}},
        )
