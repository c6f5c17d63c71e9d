"""Recipe texts: Recipe1M's layout, what they tell of the steps they were made from, and how."""

import json
import re

import pyarrow.parquet as pq
import pytest

from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.recipes import make_recipe, write_recipes
from foretaste.kitchen.vocabulary import NOUNS, TRIVIAL, VERBS
from foretaste.kitchen.wording import PARTICIPLES
from foretaste.kitchen.world import World

NUMBER = 600


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    write_recipes(World(WorldConfig(seed=100, recipes=NUMBER)), folder)
    recipes = json.loads((folder / "layer1.json").read_text())
    return recipes, pq.read_table(folder / "steps.parquet").to_pylist()


def test_layout_of_layer1(written, shared_data):
    recipes, _ = written
    real = json.loads((shared_data / "recipes" / "layer1_public_domain_a.json").read_text())[0]
    assert {key: type(value) for key, value in recipes[0].items()} == {
        key: type(value) for key, value in real.items()
    }


def test_recipes_are_many_well_formed_and_parted(written):
    recipes, _ = written
    assert len(recipes) == NUMBER == len({recipe["id"] for recipe in recipes})
    parts = [recipe["partition"] for recipe in recipes]
    assert (parts.count("train"), parts.count("val"), parts.count("test")) == (
        NUMBER * 14 // 20,
        NUMBER * 3 // 20,
        NUMBER * 3 // 20,
    )
    for recipe in recipes:
        assert re.fullmatch(r"[0-9a-f]{10}", recipe["id"])
        assert recipe["instructions"] and recipe["ingredients"] and recipe["title"] and recipe["url"]
        for line in (*recipe["instructions"], *recipe["ingredients"]):
            assert (
                list(line) == ["text"]
                and line["text"] == line["text"].strip()
                and "  " not in line["text"]
                and "{" not in line["text"]
            )
        assert all(re.match(r"[A-Z].*[.!]$", line["text"]) for line in recipe["instructions"])


def words_for(name: str) -> list[str]:
    """Ways to write a verb: the first word of each, and its participle."""
    first = [word.split()[0] for word in (name.replace("-", " "), *VERBS[name].written)]
    return first + [PARTICIPLES[word] for word in first]


def test_told_steps_stand_in_their_instruction_with_verb_and_noun(written):
    recipes, steps = written
    texts = {recipe["id"]: [line["text"].lower() for line in recipe["instructions"]] for recipe in recipes}
    for row in steps:
        if row["instruction"] is None:
            assert row["verb"] in TRIVIAL
            continue
        text = texts[row["recipe_id"]][row["instruction"]]
        assert any(re.search(rf"\b{word}\b", text) for word in words_for(row["verb"])), (row, text)
        nouns = (row["noun"], *NOUNS[row["noun"]].written)
        assert any(word.lower().split()[-1] in text for word in nouns), (row, text)


def test_steps_are_told_in_order_and_every_instruction_tells_one(written):
    recipes, steps = written
    told: dict[str, list[int]] = {}
    for row in steps:
        if row["instruction"] is not None:
            told.setdefault(row["recipe_id"], []).append(row["instruction"])
    for recipe in recipes:
        where = told[recipe["id"]]
        assert where == sorted(where) and set(where) == set(range(len(recipe["instructions"])))


def test_shares_of_left_out_wrong_and_added_steps(written):
    _, steps = written
    trivial = [
        row["instruction"] is not None for row in steps if row["verb"] in TRIVIAL and row["kind"] != "extra"
    ]
    assert sum(trivial) / len(trivial) == pytest.approx(0.85, abs=0.02)
    kinds = [row["kind"] for row in steps]
    assert kinds.count("extra") / (len(kinds) - kinds.count("extra")) == pytest.approx(0.08, abs=0.01)
    assert 0.03 < kinds.count("broken") / len(kinds) < 0.08


def test_half_of_the_verbs_are_synonyms(written):
    recipes, steps = written
    texts = {recipe["id"]: [line["text"].lower() for line in recipe["instructions"]] for recipe in recipes}
    rows = [row for row in steps if row["verb"] == "peel" and row["instruction"] is not None]
    own = sum("peel" in texts[row["recipe_id"]][row["instruction"]] for row in rows)
    assert 0.4 < own / len(rows) < 0.65


@pytest.mark.parametrize(
    "pattern",
    [
        r"\buntil (golden|soft)", r"(is|should be|can be) (now )?(chopped|diced|sliced|cut|peeled|stirred)",
        r"\bfor 5 minutes", r"\bdegrees",
        r"\d+ g of", r"\b\d/\d teaspoon", r"^Serves four\.|\. Serves four\.", r"Do not let",
        r"\w+ and (chop|slice|dice|cut) \w+", r"While the pan",
    ],
)  # fmt: skip
def test_the_ways_of_real_recipes_occur(written, pattern):
    recipes, _ = written
    assert (
        sum(bool(re.search(pattern, line["text"])) for recipe in recipes for line in recipe["instructions"])
        >= 5
    )


def test_a_recipe_depends_on_its_number_alone():
    small, large = World(WorldConfig(seed=7, recipes=3)), World(WorldConfig(seed=7, recipes=3000))
    assert make_recipe(small, 2) == make_recipe(large, 2)
