"""Read Recipe1M's layer1.json, plain or compressed, into a table of sentences.

A folder stands for the layer1.json in it. Streams the file, splits every instruction into sentences, and lists rows that are
not as documented, and ids that occur twice, as issues (on_bad_input: fail stops on them).
"""

from __future__ import annotations

from pathlib import Path

from foretaste.contracts.issues import Issue, settle
from foretaste.contracts.table_stream import BATCH, TableWriter
from foretaste.contracts.tables import ISSUES, SENTENCES, write_table
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.text.digests import Digests
from foretaste.text.recipes import BadRow, Recipe, read_recipes
from foretaste.text.sentences import split


def run(step: Step) -> None:
    source = Path(step.inputs["recipes"])
    if source.is_dir():
        source /= "layer1.json"
    issues: list[Issue] = []

    def report(bad: BadRow) -> None:
        issues.append(Issue(file=source.name, row=str(bad.row), key=bad.id, reason=bad.reason))

    met = Digests()
    recipes = 0
    with artifact.whole(step.outputs["sentences"]) as partial:
        with TableWriter(partial, SENTENCES) as writer:
            rows: dict[str, list] = {name: [] for name in SENTENCES.schema.names}
            for recipe in console.track(read_recipes(source, report), "read recipes"):
                if not met.add(recipe.id):
                    report(BadRow(recipe.row, recipe.id, "the id of an earlier recipe"))
                    continue
                recipes += 1
                _append(rows, recipe)
                if len(rows["text"]) >= BATCH:
                    writer.write(rows)
                    rows = {name: [] for name in rows}
            writer.write(rows)
        columns = settle(issues, step.stage, step.config["on_bad_input"])
    with artifact.whole(step.outputs["issues"]) as partial:
        write_table(partial, ISSUES, columns)
    console.say(f"{recipes} recipes, {writer.rows} sentences, {len(issues)} issues")


def _append(rows: dict[str, list], recipe: Recipe) -> None:
    texts = [text for instruction in recipe.instructions for text in split(instruction)]
    rows["recipe_id"] += [recipe.id] * len(texts)
    rows["partition"] += [recipe.partition] * len(texts)
    rows["position"] += range(len(texts))
    rows["text"] += texts
