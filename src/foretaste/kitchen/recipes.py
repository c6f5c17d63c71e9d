"""Recipe texts: runs through the dishes, told in natural words, in the layout of Recipe1M's layer1.json.

A recipe leaves out some trivial steps, names some things wrongly and drifts into another dish now and then.
What it was made from stands in a table beside it, one row a step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from foretaste.kitchen.chance import stream
from foretaste.kitchen.ordering import draw_run
from foretaste.kitchen.plan import Dish, Step
from foretaste.kitchen.vocabulary import FOODS, TRIVIAL
from foretaste.kitchen.wording import AMOUNTS, ASIDES, OPENINGS, Words
from foretaste.kitchen.world import World

#: One step of a recipe. ``instruction`` is null where the text leaves it out; ``kind``: step, broken or
#: extra.
STEPS = pa.schema([
    pa.field("recipe_id", pa.string(), nullable=False),
    pa.field("partition", pa.string(), nullable=False),
    pa.field("order", pa.int32(), nullable=False),
    pa.field("verb", pa.string(), nullable=False),
    pa.field("noun", pa.string(), nullable=False),
    pa.field("action", pa.string(), nullable=False),
    pa.field("kind", pa.string(), nullable=False),
    pa.field("instruction", pa.int32()),
])  # fmt: skip
PARTITIONS = ("train",) * 14 + ("val",) * 3 + ("test",) * 3
#: Consecutive steps on one object that a sentence joins: "wash, peel and chop the onion".
JOINED = frozenset({"wash", "peel", "cut", "grate"})


@dataclass(frozen=True)
class ToldStep:
    """A step of a recipe, and whether the text tells it."""

    step: Step
    kind: str
    told: bool


def write_recipes(world: World, folder: Path) -> None:
    """Write ``layer1.json`` and ``steps.parquet`` into ``folder``."""
    columns: dict[str, list] = {name: [] for name in STEPS.names}
    with open(folder / "layer1.json", "w", encoding="utf-8") as file:
        for number in range(world.config.recipes):
            recipe, rows = make_recipe(world, number)
            file.write(("[\n" if number == 0 else ",\n") + json.dumps(recipe, ensure_ascii=False))
            for row in rows:
                for name in STEPS.names:
                    columns[name].append(row[name])
        file.write("\n]\n")
    pq.write_table(pa.table(columns, schema=STEPS), folder / "steps.parquet", compression="zstd")


def make_recipe(world: World, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The ``number``-th recipe of a world, as in layer1.json, and its rows of STEPS."""
    config = world.config
    random = stream(config.seed, "recipe", number)
    recipe_id = hashlib.sha256(f"foretaste kitchen {config.seed} {number}".encode()).hexdigest()[:10]
    partition = PARTITIONS[number % len(PARTITIONS)]
    dish = random.choice(world.told)
    steps = list(_tell(world, dish, random))
    words = Words(random, config.synonyms)
    instructions: list[str] = []
    where: list[int | None] = [None] * len(steps)
    told = [n for n, step in enumerate(steps) if step.told]
    while told:
        sentences, covered = _instruction(words, [steps[n].step for n in told])
        for n in told[:covered]:
            where[n] = len(instructions)
        instructions.append(" ".join(sentences))
        told = told[covered:]
    rows = [
        {
            "recipe_id": recipe_id,
            "partition": partition,
            "order": n,
            "verb": step.step.verb,
            "noun": step.step.noun,
            "action": step.step.action,
            "kind": step.kind,
            "instruction": where[n],
        }
        for n, step in enumerate(steps)
    ]
    recipe = {
        "ingredients": [{"text": _ingredient(words, food)} for food in dish.things if food in FOODS],
        "url": f"http://kitchen.invalid/{config.seed}/{number}",
        "partition": partition,
        "title": (
            f"{random.choice(('Easy', 'Quick', 'Classic', 'Simple', 'Rustic', 'Everyday'))}"
            f" {dish.name.title()}"
        ),
        "id": recipe_id,
        "instructions": [{"text": text} for text in instructions],
    }
    return recipe, rows


def _tell(world: World, dish: Dish, random: Random) -> Iterator[ToldStep]:
    """A run through the dish with what the writer leaves out, gets wrong and adds."""
    config = world.config
    for n in draw_run(dish, random, world.habits):
        step, kind = dish.steps[n], "step"
        if random.random() < config.broken_steps and step.noun in FOODS:
            step, kind = (
                replace(step, noun=random.choice([food for food in FOODS if food != step.noun])),
                "broken",
            )
        yield ToldStep(step, kind, step.verb not in TRIVIAL or random.random() < config.trivial_kept)
        if random.random() < config.extra_steps:
            yield ToldStep(random.choice(random.choice(world.told).steps), "extra", True)


def _instruction(words: Words, steps: list[Step]) -> tuple[list[str], int]:
    """Sentences of one instruction, and how many of ``steps`` they tell."""
    random = words.random
    sentences: list[str] = []
    covered = 0
    for _ in range(random.choice((1, 1, 1, 2, 2, 3))):
        if covered < len(steps):
            sentence, used = _sentence(words, steps[covered:])
            sentences.append(_finish(sentence))
            covered += used
        if random.random() < 0.1:
            sentences.append(random.choice(ASIDES))
    return sentences, covered


def _sentence(words: Words, steps: list[Step]) -> tuple[str, int]:
    """One sentence without capital and full stop, and how many of ``steps`` it tells (1 to 4)."""
    random = words.random
    if random.random() < 0.07:
        return words.passive(steps[0]), 1
    opening = f"{random.choice(OPENINGS)} " if random.random() < 0.2 else ""
    clauses: list[str] = []
    used = 0
    for _ in range(random.choice((1, 1, 2, 2, 3))):
        if used >= len(steps) or used >= 4:
            break
        clause, more = _clause(words, steps[used:])
        clauses.append(clause)
        used += more
    if len(clauses) == 1:
        text = clauses[0]
    else:
        text = (
            ", ".join(clauses[:-1])
            + random.choice((" and ", ", then ", " and then ", ", and "))
            + clauses[-1]
        )
    if random.random() < 0.05:
        text += random.choice(
            (
                " and cook for 10 minutes",
                " and leave to stand",
                ", without stirring",
                " and simmer until thick",
            )
        )
    return opening + text, used


def _clause(words: Words, steps: list[Step]) -> tuple[str, int]:
    """A clause and how many steps it tells: verbs that share an object, objects that share a verb, or one of
    each.
    """
    random = words.random
    chain = 1
    while (
        chain < min(3, len(steps))
        and steps[chain].noun == steps[0].noun
        and {steps[0].verb, steps[chain].verb} <= JOINED
    ):
        chain += 1
    if chain > 1 and random.random() < 0.7:
        verbs = [words.verb(step.verb) for step in steps[:chain]]
        thing = words.object(steps[chain - 1])
        return f"{', '.join(verbs[:-1])} and {verbs[-1]} {thing}", chain
    alike = (
        len(steps) > 1
        and (steps[1].verb, steps[1].at) == (steps[0].verb, steps[0].at)
        and steps[1].noun != steps[0].noun
    )
    if alike and random.random() < 0.5:
        both = f"{words.verb(steps[0].verb)} {words.object(steps[0])} and {words.object(steps[1])}"
        return " ".join(part for part in (both, words.place(steps[0])) if part), 2
    return words.clause(steps[0]), 1


def _ingredient(words: Words, food: str) -> str:
    """A line of the list of ingredients."""
    amount = words.random.choice(AMOUNTS.get(food, ("1 {}", "1 large {}")))
    return amount.format(words.noun(food))


def _finish(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:] + "."
