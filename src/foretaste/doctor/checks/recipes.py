"""Is the file of recipes whole and in Recipe1M's layout, each recipe once, and as many as published?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from foretaste.contracts.foreign_files import check_is_itself
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings, NothingToCheckError
from foretaste.pipeline.console import track
from foretaste.text.recipes import BadRow, read_recipes


def look(dataset: Examined, found: Findings) -> str:
    """The file that config.yaml names under ``recipes``."""
    if dataset.run.recipes is None:
        raise NothingToCheckError("config.yaml names no recipes")
    path = Path(dataset.run.recipes)
    check_is_itself(path)
    known = dataset.published.recipes if dataset.published is not None else {}
    bad: list[BadRow] = []
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    again = steps = 0
    for recipe in track(read_recipes(path, bad.append), "reading recipes"):
        counts[recipe.partition] += 1
        steps += len(recipe.instructions)
        again += recipe.id in seen
        seen.add(recipe.id)
    for row in bad:
        where = f"{path}: row {row.row}" + (f", {row.id}" if row.id else "")
        found.fail(row.reason, where, "a recipe as Recipe1M has them", "mend the row, or on_bad_input: skip")
    if again:
        found.warn(
            f"{again:,} ids that occur again", path, "each recipe once", "leave out what is there twice"
        )
    if not counts["train"]:
        found.fail(
            "no recipe of the partition train", path, "recipes to learn from", "use the whole layer1.json"
        )
    for partition, expected in known.items():
        if counts[partition] != expected:
            found.fail(
                f"{counts[partition]:,} recipes of {partition}",
                path,
                f"{expected:,}, as published",
                "get layer1.json again: it was cut, or is another version",
            )
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return f"{said or 'no'} recipes, {steps:,} instructions"
