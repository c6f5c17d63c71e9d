"""How many lines of real recipes the rules read as a person does: gold written by a reader who had seen no
output.

    python bench/openie_lines.py --data DIR                          lines and actions that are right, and
                                                                     which are not
    python bench/openie_lines.py --data DIR --show                   the lines themselves, for whoever writes
                                                                     gold

DIR holds recipes/layer1_*.json[.gz]. The lines are drawn from recipes of the partition ``test``, later of
``val``, and later again of ``test``; rules are shaped on the partition ``train`` alone. Gold
(bench/openie_lines.json) names a line by its recipe and number, never by its words, which are not ours to
publish. Each of its actions is a verb in its base form with its particle, and the object heads that may stand
beside it (null: none need be found); ``optional`` marks an action that may be left out. A line is right when
every action that is not optional is found with one of its objects, and nothing else is found.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path

from foretaste.openie.cleaning import clean
from foretaste.openie.rules import Config, Rules
from foretaste.openie.sentences import split
from foretaste.text.recipes import read_recipes

GOLD = Path(__file__).with_suffix(".json")
LINES = 200


@dataclass(frozen=True)
class Draw:
    """Which lines gold was written for: those of a partition, drawn by a seed."""

    name: str
    seed: int
    partition: str


DRAWS = (
    Draw("first", 20261128, "test"),
    Draw("second", 20261129, "val"),
    Draw("third", 20261130, "test"),
)

#: (recipe id, line number from 0) -> the line's text.
Lines = dict[tuple[str, int], str]


def drawn_lines(data: Path) -> dict[str, Lines]:
    """The lines of every draw, in the order they were drawn; none is drawn twice."""
    found: dict[str, Lines] = {}
    for draw in DRAWS:
        found[draw.name] = _drawn(data, draw, {place for lines in found.values() for place in lines})
    return found


def _drawn(data: Path, draw: Draw, taken: set[tuple[str, int]]) -> Lines:
    """Half of the lines from each file, so that two styles count alike."""
    chosen: Lines = {}
    files = sorted((data / "recipes").glob("layer1_*"))
    for path in files:
        lines: Lines = {}
        for recipe in read_recipes(path):
            if recipe.partition == draw.partition:
                lines.update({(recipe.id, number): text for number, text in enumerate(recipe.instructions)})
        drawn = random.Random(draw.seed).sample(sorted(lines.keys() - taken), LINES // len(files))
        chosen.update({place: lines[place] for place in drawn})
    return chosen


def judge(gold: list[dict], found: list[tuple[str, str | None]]) -> tuple[list[str], list[str]]:
    """What is missing, and what is wrong: gold actions that were not found, found ones that are not gold."""
    left = list(gold)
    wrong = []
    for verb, head in found:
        match = next(
            (action for action in left if action["verb"] == verb and head in action["objects"]), None
        )
        if match is None:
            wrong.append(f"({verb}, {head})")
        else:
            left.remove(match)
    missing = [
        f"({action['verb']}, {'/'.join(map(str, action['objects']))})"
        for action in left
        if not action.get("optional")
    ]
    return missing, wrong


def show(lines: Lines) -> None:
    for (recipe, number), text in lines.items():
        print(json.dumps({"recipe": recipe, "line": number, "text": text}, ensure_ascii=False))


def report(name: str, lines: Lines, gold: dict[tuple[str, int], list[dict]], rules: Rules) -> None:
    """Print what is missing or wrong in which line of a draw, and how many lines are right."""
    right = actions = found_actions = 0
    for place, text in lines.items():
        found = [
            (one.verb, one.object_head)
            for sentence in split(clean(text).text)
            for one in rules.extract(sentence)
        ]
        missing, wrong = judge(gold[place], found)
        right += not missing and not wrong
        required = [action for action in gold[place] if not action.get("optional")]
        actions += len(required)
        found_actions += len(required) - len(missing)
        if missing or wrong:
            print(
                f"{place[0]} {place[1]}: missing {' '.join(missing) or '-'}; wrong {' '.join(wrong) or '-'}"
            )
    share = 100 * right / len(lines)
    print(
        f"{name}: lines right {right} of {len(lines)} ({share:.1f} %); actions found"
        f" {100 * found_actions / actions:.1f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds recipes/")
    parser.add_argument("--show", action="store_true", help="print the lines instead, one JSON value each")
    arguments = parser.parse_args()
    rules = Rules(Config())
    gold = {
        (one["recipe"], one["line"]): one["actions"] for one in json.loads(GOLD.read_text(encoding="utf-8"))
    }
    for name, lines in drawn_lines(arguments.data).items():
        if arguments.show:
            show(lines)
        else:
            report(name, lines, gold, rules)


if __name__ == "__main__":
    main()
