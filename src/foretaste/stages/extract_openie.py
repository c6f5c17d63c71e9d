"""Extract verbs and objects from the sentences of one shard of the recipes.

The shard is read a block at a time, and every finished block is kept, so that a killed step goes on with the
first unfinished one. A sentence at which the backend raises gives no extractions and a row of the issues
table, whatever on_bad_input says: there is nothing to mend in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from foretaste.contracts.issues import Issue, settle
from foretaste.contracts.table_stream import TableWriter, read_batches
from foretaste.contracts.tables import EXTRACTIONS, ISSUES, read_table, write_table
from foretaste.openie.extraction import Backend, Failure
from foretaste.openie.extraction_table import columns
from foretaste.openie.shards import shard_batches
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.settings import families


def run(step: Step) -> None:
    """``sentences`` (and the ``archive`` of a backend that has one) -> ``extractions``, ``issues``."""
    settings = dict(step.config["backend"])
    if "archive" in step.inputs:
        settings |= {"archive": str(step.inputs["archive"]), "environment": step.config["environment"]}
    sentences, shard, shards = (
        Path(step.inputs["sentences"]),
        step.config["shard"],
        int(step.config["shards"]),
    )
    parts = []
    with closing(families.build("openie", settings, "openie.backend", scratch=step.scratch)) as backend:
        blocks = _blocks(shard_batches(sentences, shard, shards), backend.block)
        for number, block in enumerate(console.track(blocks, "extract actions (blocks of sentences)")):
            parts.append(step.scratch / "parts" / f"{number:06d}")
            if not parts[-1].exists():
                _extract(block, backend, sentences.name, parts[-1])
    issues = [read_table(part / "issues.parquet", ISSUES) for part in parts]
    with artifact.whole(step.outputs["issues"]) as partial:
        write_table(partial, ISSUES, pa.concat_tables([ISSUES.schema.empty_table(), *issues]))
    with artifact.whole(step.outputs["extractions"]) as partial, TableWriter(partial, EXTRACTIONS) as writer:
        for part in parts:
            for batch in read_batches(part / "extractions.parquet", EXTRACTIONS):
                writer.write({name: batch.column(name) for name in EXTRACTIONS.schema.names})
    console.say(f"{writer.rows} extractions, {sum(table.num_rows for table in issues)} issues")


def _blocks(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows, at most ``rows`` at a time."""
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def _extract(block: pa.RecordBatch, backend: Backend, file: str, part: Path) -> None:
    """Write a block's extractions and issues to the folder ``part``, both or none."""
    found = backend.extract_all(block.column("text").to_pylist())
    places = zip(
        block.column("recipe_id").to_pylist(), block.column("position").to_pylist(), found, strict=True
    )
    issues = [
        Issue(file=file, row=f"sentence {position}", key=recipe, reason=said.reason)
        for recipe, position, said in places
        if isinstance(said, Failure)
    ]
    with artifact.whole(part) as partial:
        partial.mkdir()
        with TableWriter(partial / "extractions.parquet", EXTRACTIONS) as writer:
            writer.write(columns(block, found))
        write_table(partial / "issues.parquet", ISSUES, settle(issues, "extract_openie", "skip"))
