"""Extract verbs and objects from the sentences of one shard of the recipes."""

from __future__ import annotations

from foretaste.contracts.table_stream import TableWriter
from foretaste.contracts.tables import EXTRACTIONS
from foretaste.pipeline import artifact, console, families
from foretaste.pipeline.step import Step
from foretaste.text.extraction_table import columns
from foretaste.text.shards import shard_batches


def run(step: Step) -> None:
    backend = families.build("text", step.config["backend"], "openie.backend")
    sentences = 0
    with artifact.whole(step.outputs["extractions"]) as partial, TableWriter(partial, EXTRACTIONS) as writer:
        batches = shard_batches(step.inputs["sentences"], int(step.wildcards["shard"]), int(step.config["shards"]))
        for batch in console.track(batches, "extract actions (batches of sentences)"):
            sentences += batch.num_rows
            writer.write(columns(batch, backend.extract))
    console.say(f"{sentences} sentences, {writer.rows} extractions")
