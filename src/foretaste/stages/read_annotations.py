"""Read a dataset's annotation files into segments and a list of classes.

Bad rows (an unknown class, stop before start, a repeated id) are all listed, then stop the stage; with
on_bad_input: skip each becomes a row of the issues table.
"""

from __future__ import annotations

from pathlib import Path

from foretaste.annotations.segments import as_asked
from foretaste.contracts.issues import settle
from foretaste.contracts.tables import ISSUES, SEGMENTS, write_table
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.settings import families


def run(step: Step) -> None:
    """Write ``segments``, ``classes`` and ``issues``."""
    reader = families.build(
        "annotations",
        step.config["reader"],
        "reader",
        root=Path(step.config["data_root"]),
        dataset=step.config["dataset"],
    )
    read = reader.read()
    issues = settle(read.issues, step.stage, step.config["on_bad_input"])
    segments, classes = as_asked(read, step.config)
    with artifact.whole(step.outputs["segments"]) as partial:
        write_table(partial, SEGMENTS, segments)
    with artifact.whole(step.outputs["classes"]) as partial:
        partial.write_text(classes.to_json(), encoding="utf-8")
    with artifact.whole(step.outputs["issues"]) as partial:
        write_table(partial, ISSUES, issues)
    numbers = ", ".join(f"{len(names)} {head} classes" for head, names in classes.heads.items())
    if (withheld := step.config["withheld_pairs"]) is not None:
        console.say(f"{withheld} pairs of verb and noun are withheld from training")
    console.say(f"{segments.num_rows} segments, {numbers}, {len(read.issues)} bad rows left out")
