"""Decode the frames that views of the run may show, once, and keep them as JPEG: one HDF5 file a shard of the
videos.

A killed step goes on with the first unfinished video. With on_bad_input: skip a video that does not decode
becomes a row of the issues table. Which samples there are in the end is known only then (``make_samples``),
so the frames are those of all windows of the tasks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from foretaste.contracts.issues import settle
from foretaste.contracts.tables import ISSUES, SEGMENTS, VIDEOS, of_modality, read_table, write_table
from foretaste.features.frame_parts import GIVEN, store_videos
from foretaste.features.frame_shard import Origin, write_frames
from foretaste.features.plan import of_shard
from foretaste.pipeline.artifact import whole
from foretaste.pipeline.console import say, track
from foretaste.pipeline.step import Step
from foretaste.settings import families
from foretaste.video.frame_table import FrameTable, frame_tables
from foretaste.views import shown
from foretaste.views.observed import without_a_frame


def run(step: Step) -> None:
    """``segments``, ``videos`` -> ``frames``, ``issues``."""
    config = step.config
    probed = of_modality(read_table(step.inputs["videos"], VIDEOS), config["made_from"])
    videos = frame_tables(probed, Path(config["video_folders"][config["made_from"]]))
    plan = _plan(step, videos)
    names = of_shard(list(plan), config["shard"], config["shards"])
    computed = config["modality"] != config["made_from"]
    origin = Origin(
        modality=config["modality"],
        made_from=config["made_from"],
        method=config["flow"] if computed else GIVEN,
        side=config["side"],
        quality=config["quality"],
    )
    parts, issues = store_videos(
        {name: plan[name] for name in names},
        videos,
        origin,
        step.scratch,
        follow=lambda ids: track(ids, "storing frames", total=len(names)),
    )
    rows = settle(issues, step.stage, config["on_bad_input"])
    with whole(step.outputs["issues"]) as path:
        write_table(path, ISSUES, rows)
    with whole(step.outputs["frames"]) as path:
        write_frames(path, origin, parts)
    frames, size = (
        sum(len(video.frame) for video, _ in parts),
        sum(int(video.offsets[-1]) for video, _ in parts),
    )
    say(f"{frames} frames of {len(parts)} videos, {size / 1e6:.1f} MB, {len(issues)} issues")


def _plan(step: Step, videos: Mapping[str, FrameTable]) -> dict[str, np.ndarray]:
    """video_id -> the frames (n,), ascending, that some view shows of some sample of its task."""
    tables = {
        name: read_table(step.inputs[name], of) for name, of in (("segments", SEGMENTS), ("videos", VIDEOS))
    }
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    for one in step.config["shown"]:
        sampling = shown.Sampling(**one["sampling"])
        samples = families.build("tasks", one["task"], "tasks", **tables)
        probed = of_modality(tables["videos"], step.config["made_from"])
        reasons = without_a_frame(samples, probed, shown.SPANS[sampling.window][1])
        kept = pc.is_null(samples["dropped_because"]).to_numpy(zero_copy_only=False)
        kept &= np.equal(reasons, None)
        counted = shown.counted_in(sampling, step.config["made_from"], tables["videos"])
        for video_id, frames in shown.wanted(sampling, samples.filter(kept), videos, counted).items():
            found[video_id].append(frames)
    return {video_id: np.unique(np.concatenate(found[video_id])) for video_id in sorted(found)}
