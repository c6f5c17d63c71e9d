"""How many lines of real recipes the rules read as a person does: gold written by a reader who had seen no output.

    python bench/openie_lines.py --data DIR                          lines and actions that are right, and which are not
    python bench/openie_lines.py --data DIR --show                   the lines themselves, for whoever writes gold

DIR holds recipes/layer1_*.json[.gz]. The lines are drawn from recipes of the partition ``test``; rules are shaped on the partition
``train`` alone. Gold (bench/openie_lines.json) names a line by its recipe and number, never by its words, which are not ours to
publish. Each of its actions is a verb in its base form with its particle, and the object heads that may stand beside it (null:
none need be found); ``optional`` marks an action that may be left out. A line is right when every action that is not optional is
found with one of its objects, and nothing else is found.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from foretaste.text.cleaning import clean
from foretaste.text.openie_rules import Config, Rules
from foretaste.text.recipes import read_recipes
from foretaste.text.sentences import split

GOLD = Path(__file__).with_suffix(".json")
SEED, LINES, PARTITION = 20261128, 200, "test"

#: (recipe id, line number from 0) -> the line's text.
Lines = dict[tuple[str, int], str]


def draw(data: Path) -> Lines:
    """The lines that gold is written for, in the order they were drawn: half from each file, so that two styles count alike."""
    chosen: Lines = {}
    files = sorted((data / "recipes").glob("layer1_*"))
    for path in files:
        lines: Lines = {}
        for recipe in read_recipes(path):
            if recipe.partition == PARTITION:
                lines.update({(recipe.id, number): text for number, text in enumerate(recipe.instructions)})
        drawn = random.Random(SEED).sample(sorted(lines), LINES // len(files))
        chosen.update({place: lines[place] for place in drawn})
    return chosen


def judge(gold: list[dict], found: list[tuple[str, str | None]]) -> tuple[list[str], list[str]]:
    """What is missing, and what is wrong: gold actions that were not found, found ones that are not gold."""
    left = list(gold)
    wrong = []
    for verb, head in found:
        match = next((action for action in left if action["verb"] == verb and head in action["objects"]), None)
        if match is None:
            wrong.append(f"({verb}, {head})")
        else:
            left.remove(match)
    missing = [f"({action['verb']}, {'/'.join(map(str, action['objects']))})" for action in left if not action.get("optional")]
    return missing, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds recipes/")
    parser.add_argument("--show", action="store_true", help="print the lines instead, one JSON value each")
    arguments = parser.parse_args()
    lines = draw(arguments.data)
    if arguments.show:
        for (recipe, number), text in lines.items():
            print(json.dumps({"recipe": recipe, "line": number, "text": text}, ensure_ascii=False))
        return
    rules = Rules(Config())
    gold = {(one["recipe"], one["line"]): one["actions"] for one in json.loads(GOLD.read_text(encoding="utf-8"))}
    right = actions = found_actions = 0
    for place, text in lines.items():
        found = [(one.verb, one.object_head) for sentence in split(clean(text).text) for one in rules.extract(sentence)]
        missing, wrong = judge(gold[place], found)
        right += not missing and not wrong
        required = [action for action in gold[place] if not action.get("optional")]
        actions += len(required)
        found_actions += len(required) - len(missing)
        if missing or wrong:
            print(f"{place[0]} {place[1]}: missing {' '.join(missing) or '-'}; wrong {' '.join(wrong) or '-'}")
    print(f"lines right: {right} of {len(lines)} ({100 * right / len(lines):.1f} %); actions found: {100 * found_actions / actions:.1f} %")


if __name__ == "__main__":
    main()
