"""Generate a world: recipes, annotations or videos, in the public file formats.

The three parts are independent functions of the world's settings. Videos are drawn by several processes and
kept one by one, so that a killed job goes on where it was.
"""

from __future__ import annotations

from foretaste.contracts.errors import unknown
from foretaste.kitchen import parts
from foretaste.kitchen.config import WorldConfig
from foretaste.pipeline import artifact
from foretaste.pipeline.step import Step
from foretaste.settings.config import validated

PARTS = ("recipes", "annotations", "videos")


def run(step: Step) -> None:
    """Write the folder of one part, its manifest last."""
    part = step.config["part"]
    if part not in PARTS:
        raise unknown("part of a world", part, PARTS, step.outputs["part"])
    config = validated(WorldConfig, step.config["world"], "world")
    with artifact.whole(step.outputs["part"]) as folder:
        folder.mkdir()
        if part == "recipes":
            parts.make_recipes(config, folder)
        elif part == "annotations":
            parts.make_annotations(config, folder)
        else:
            parts.make_videos(config, folder, step.scratch / "videos", step.threads)
        parts.write_manifest(folder, part)
