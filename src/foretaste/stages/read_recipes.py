"""Read Recipe1M's layer1.json, plain or compressed, into a table of sentences.

A folder stands for the layer1.json in it. Streams the file, cleans every instruction of markup and splits it
into sentences. Rows that are not as documented, and ids that occur twice, are issues (on_bad_input: fail
stops on them); what was cleaned is counted in an issue for each kind, which stops nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from foretaste.contracts.issues import Issue, settle
from foretaste.contracts.table_stream import BATCH, TableWriter
from foretaste.contracts.tables import ISSUES, SENTENCES, write_table
from foretaste.openie.cleaning import KINDS, clean
from foretaste.openie.sentences import split
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.text.digests import Digests
from foretaste.text.recipes import BadRow, Recipe, read_recipes


def run(step: Step) -> None:
    source = Path(step.inputs["recipes"])
    if source.is_dir():
        source /= "layer1.json"
    issues: list[Issue] = []

    def report(bad: BadRow) -> None:
        issues.append(Issue(file=source.name, row=str(bad.row), key=bad.id, reason=bad.reason))

    met = Digests()
    cleaned: dict[str, Cleanings] = {}
    recipes = 0
    with artifact.whole(step.outputs["sentences"]) as partial:
        with TableWriter(partial, SENTENCES) as writer:
            rows: dict[str, list] = {name: [] for name in SENTENCES.schema.names}
            for recipe in console.track(read_recipes(source, report), "read recipes"):
                if not met.add(recipe.id):
                    report(BadRow(recipe.row, recipe.id, "the id of an earlier recipe"))
                    continue
                recipes += 1
                _append(rows, recipe, cleaned)
                if len(rows["text"]) >= BATCH:
                    writer.write(rows)
                    rows = {name: [] for name in rows}
            writer.write(rows)
        issues += [cleaned[kind].issue(source.name, kind) for kind in KINDS if kind in cleaned]
        columns = settle(issues, step.stage, step.config["on_bad_input"])
    with artifact.whole(step.outputs["issues"]) as partial:
        write_table(partial, ISSUES, columns)
    console.say(f"{recipes} recipes, {writer.rows} sentences, {len(issues)} issues")


@dataclass
class Cleanings:
    """In how many instructions one kind of thing was cleaned, and in which recipe first."""

    first: Recipe
    instructions: int = 0

    def issue(self, file: str, kind: str) -> Issue:
        several = "s, first in this one" if self.instructions > 1 else ""
        reason = f"{kind} in {self.instructions} instruction{several}"
        return Issue(file=file, row=str(self.first.row), key=self.first.id, reason=reason, action="cleaned")


def _append(rows: dict[str, list], recipe: Recipe, cleaned: dict[str, Cleanings]) -> None:
    texts: list[str] = []
    for instruction in recipe.instructions:
        text, done = clean(instruction)
        texts += split(text)
        for kind in done:
            cleaned.setdefault(kind, Cleanings(recipe)).instructions += 1
    rows["recipe_id"] += [recipe.id] * len(texts)
    rows["partition"] += [recipe.partition] * len(texts)
    rows["position"] += range(len(texts))
    rows["text"] += texts
