"""Join what the stages of a dataset noted about bad inputs into one table, which the report counts."""

from __future__ import annotations

import pyarrow as pa

from foretaste.contracts.tables import ISSUES, read_table, write_table
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step


def run(step: Step) -> None:
    """``issues`` of each stage -> one ``issues`` table, in the order of the inputs."""
    joined = pa.concat_tables([read_table(path, ISSUES) for path in step.inputs["issues"]])
    with artifact.whole(step.outputs["issues"]) as partial:
        write_table(partial, ISSUES, joined)
    console.say(f"{joined.num_rows} issues")
