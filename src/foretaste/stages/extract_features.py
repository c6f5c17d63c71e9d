"""Turn the frames that samples may be shown into vectors: one HDF5 file a shard of the videos.

A killed step goes on with the first unfinished video. With on_bad_input: skip a video that does not decode, or whose
samples reach past its end, becomes a row of the issues table; samples that need it then fail by name.
"""

from __future__ import annotations

from pathlib import Path

from foretaste.contracts.classes import read_classes
from foretaste.contracts.issues import settle
from foretaste.contracts.tables import ISSUES, SAMPLES, VIDEOS, read_table, write_table
from foretaste.contracts.view import Sources
from foretaste.features.extract import Settings, extract_shard
from foretaste.features.plan import of_shard, wanted_frames
from foretaste.features.store import write_features
from foretaste.pipeline.artifact import whole
from foretaste.pipeline.config import validated
from foretaste.pipeline.console import say, track
from foretaste.pipeline.step import Step
from foretaste.training.checkpoint import load_model
from foretaste.views import frames


def run(step: Step) -> None:
    """``samples``, ``videos``, ``checkpoint`` -> ``features``, ``issues``."""
    grid = step.config["grid"]
    plan = wanted_frames(read_table(step.inputs["samples"], SAMPLES), grid["fps"])
    names = of_shard(list(plan), step.wildcards["shard"], grid["shards"])
    videos = {row["video_id"]: row for row in read_table(step.inputs["videos"], VIDEOS).to_pylist()}
    checkpoint = Path(step.inputs["checkpoint"])
    backbone, manifest = load_model(checkpoint, Sources(classes=read_classes(checkpoint / "classes.json")))
    view = {key: value for key, value in step.config["view"].items() if key != "kind"}
    settings = Settings(
        grid_fps=grid["fps"],
        picture=validated(frames.Config, view, "backbone: view").picture,
        backbone=manifest["network"],
        weights_sha256=manifest["sha256"]["model.safetensors"],
    )
    features, issues = extract_shard(
        {name: plan[name] for name in names}, videos, Path(step.config["video_folder"]), backbone, settings, step.scratch,
        follow=lambda ids: track(ids, "extracting features", total=len(names)),
    )  # fmt: skip
    rows = settle(issues, step.stage, step.config["on_bad_input"])
    with whole(step.outputs["issues"]) as path:
        write_table(path, ISSUES, rows)
    with whole(step.outputs["features"]) as path:
        write_features(path, settings.origin(backbone.width), features)
    say(f"features of {len(names) - len({issue.key for issue in issues})} videos, {len(issues)} issues")
