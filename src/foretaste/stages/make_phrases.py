"""Join the shards of extractions and make their "verb object" phrases, recipe by recipe in the order of the
text.
"""

from __future__ import annotations

from foretaste.contracts.table_stream import TableWriter, read_batches
from foretaste.contracts.tables import EXTRACTIONS, PHRASES
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.settings.config import validated
from foretaste.text.phrases import PhraseOptions, Phrases


def run(step: Step) -> None:
    phrases = Phrases(validated(PhraseOptions, step.config, "phrases"))
    shards = step.inputs["extractions"]
    with (
        artifact.whole(step.outputs["phrases"]) as made,
        artifact.whole(step.outputs["extractions"]) as joined,
        TableWriter(made, PHRASES) as phrase_writer,
        TableWriter(joined, EXTRACTIONS) as writer,
    ):
        for shard in console.track(shards if isinstance(shards, list) else [shards], "make phrases (shards)"):
            for batch in read_batches(shard, EXTRACTIONS):
                writer.write({name: batch.column(name) for name in EXTRACTIONS.schema.names})
                phrase_writer.write(phrases(batch))
    console.say(f"{writer.rows} extractions, {phrase_writer.rows} phrases")
