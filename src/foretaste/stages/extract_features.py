"""Turn the frames that samples may be shown into vectors: one HDF5 file a shard of the videos.

A killed step goes on with the first unfinished video. With on_bad_input: skip a video that does not decode,
or a sample whose window reaches past its video's end, becomes a row of the issues table. Which samples there
are in the end is known only then (``make_samples``), so the frames are those of all windows of the tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.classes import read_classes
from foretaste.contracts.issues import settle
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import ISSUES, SEGMENTS, VIDEOS, of_modality, read_table, write_table
from foretaste.contracts.view import Sources
from foretaste.features.clips import Clip
from foretaste.features.extract import Backbone, Settings, extract_shard
from foretaste.features.plan import late_windows, of_shard, wanted_frames
from foretaste.features.shard import write_features
from foretaste.pipeline.artifact import sha256, whole
from foretaste.pipeline.console import say, track
from foretaste.pipeline.step import Step
from foretaste.settings import families
from foretaste.settings.config import validated
from foretaste.settings.first_weights import trained
from foretaste.training.checkpoint import load_model
from foretaste.training.processes import accelerator
from foretaste.video.frame_table import frame_tables
from foretaste.video.transforms import Picture


def run(step: Step) -> None:
    """``segments``, ``videos``, ``checkpoint`` or ``pretrained`` or ``weights`` -> ``features``,
    ``issues``.
    """
    grid = step.config["grid"]
    probed = of_modality(read_table(step.inputs["videos"], VIDEOS), RGB)
    videos = frame_tables(probed, Path(step.config["video_folders"][RGB]))
    made_from = {"segments": read_table(step.inputs["segments"], SEGMENTS), "videos": probed}
    tasks = [families.build("tasks", task, "tasks", **made_from) for task in step.config["tasks"]]
    samples = pa.concat_tables(tasks)
    # Videos that are not in the table were skipped by name (on_bad_input), or the run would have stopped.
    samples = samples.filter(pc.is_in(samples["video_id"], value_set=pa.array(videos, pa.string())))
    plan = wanted_frames(samples, grid["fps"])
    names = of_shard(list(plan), step.config["shard"], grid["shards"])
    backbone, weights_sha256 = _backbone(step)
    picture, clip = _seen(step.config["view"])
    settings = Settings(
        grid_fps=grid["fps"],
        picture=picture,
        clip=clip,
        backbone=trained(step.config["network"]),
        weights_sha256=weights_sha256,
        batch=grid["batch"],
        bf16=grid["precision"] == "bf16",
        device=str(accelerator().device),
    )
    features, issues = extract_shard(
        {name: plan[name] for name in names},
        videos,
        backbone.to(settings.device),
        settings,
        step.scratch,
        follow=lambda ids: track(ids, "extracting features", total=len(names)),
    )
    late = late_windows(samples, {name: videos[name] for name in names}, grid["fps"])
    rows = settle([*issues, *late], step.stage, step.config["on_bad_input"])
    with whole(step.outputs["issues"]) as path:
        write_table(path, ISSUES, rows)
    with whole(step.outputs["features"]) as path:
        write_features(path, settings.origin(backbone.width), features)
    say(f"features of {len(names) - len(issues)} videos, {len(rows['stage'])} issues")


def _seen(view: Mapping[str, Any]) -> tuple[Picture, Clip | None]:
    """The picture that the network sees of a frame, and the clip, where its view shows clips."""
    options = {key: value for key, value in view.items() if key != "kind"}
    if view["kind"] == "frames":
        return validated(Picture, options.get("picture", {}), "backbone: view.picture"), None
    settings = families.load("views", view["kind"], "backbone: view").Config
    shown = validated(settings, options, "backbone: view")
    geometry = shown.geometry
    margin = geometry.scoring_side / geometry.size
    picture = Picture(height=geometry.size, width=geometry.size, margin=margin)
    return picture, Clip(frames=shown.frames, rate=shown.rate)


def _backbone(step: Step) -> tuple[Backbone, str]:
    """The network, in evaluation mode, as it was trained or as it was published, and the sha256 of its
    weights, or of the list of their files.
    """
    pretrained, weights = step.inputs.get("pretrained"), step.inputs.get("weights")
    if "checkpoint" in step.inputs:
        checkpoint = Path(step.inputs["checkpoint"])
        classes = read_classes(checkpoint / "classes.json")
        model, manifest = load_model(checkpoint, Sources(classes=classes, pretrained=pretrained))
        return model, manifest["sha256"]["model.safetensors"]
    sources = Sources(pretrained=pretrained, weights=weights)
    model = families.build("models", step.config["network"], "network", sources=sources)
    return model.eval(), sha256(pretrained / "manifest.json" if weights is None else weights)
