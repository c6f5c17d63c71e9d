"""Turn segments into samples: what is predicted, and the window that may be watched for it."""

from __future__ import annotations

from foretaste.annotations.samples import SamplesConfig, make_samples
from foretaste.contracts.tables import SAMPLES, SEGMENTS, VIDEOS, read_table, write_table
from foretaste.pipeline import artifact, console
from foretaste.pipeline.config import validated
from foretaste.pipeline.step import Step


def run(step: Step) -> None:
    """Write ``samples``; with ``videos`` among the inputs, samples of other videos are dropped."""
    segments = read_table(step.inputs["segments"], SEGMENTS)
    videos = read_table(step.inputs["videos"], VIDEOS) if "videos" in step.inputs else None
    samples = make_samples(segments, validated(SamplesConfig, step.config, "make_samples"), videos)
    with artifact.whole(step.outputs["samples"]) as partial:
        write_table(partial, SAMPLES, samples)
    dropped = samples.num_rows - samples.column("dropped_because").null_count
    console.say(f"{samples.num_rows} samples, {dropped} of them dropped")
