"""Look at every video file, of every modality: how many frames, when they are shown, whether it decodes. Bad
files become issues.

Reads the packets of each file, its first frame and the frames from its last key frame on, in a process of its
own, and ends with what features of all of it will cost. With on_bad_input:
fail the step stops with a list of every missing, damaged or doubled file, and a frame that is damaged within
a video stops whoever meets it first. With skip they are rows of the issues table, and every frame is decoded:
which samples there are must be known before anything is trained on them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from foretaste.contracts.issues import settle
from foretaste.contracts.tables import ISSUES, SEGMENTS, VIDEOS, read_table, write_table
from foretaste.pipeline.artifact import whole
from foretaste.pipeline.console import say, track
from foretaste.pipeline.found_files import circles
from foretaste.pipeline.step import Step
from foretaste.pipeline.video_files import FRAME_SUFFIXES, SUFFIXES, video_files
from foretaste.video.numbered_frames import Clock
from foretaste.video.probe import probe


def run(step: Step) -> None:
    """``segments`` (optional: which videos are wanted) and a folder a modality -> ``videos``, ``issues``."""
    wanted = None
    if "segments" in step.inputs:
        starts = read_table(step.inputs["segments"], SEGMENTS).select(["video_id", "start_s"])
        last = starts.group_by("video_id").aggregate([("start_s", "max")])
        wanted = dict(zip(last["video_id"].to_pylist(), last["start_s_max"].to_pylist()))
    every_frame = step.config["on_bad_input"] == "skip"
    columns: dict[str, list] = {name: [] for name in VIDEOS.schema.names}
    issues = []
    for modality, pattern in step.config["patterns"].items():
        folder = Path(step.config["video_folders"][modality])
        numbered = step.config.get("frames", {}).get(modality)
        clock = None if numbered is None else Clock(**numbered)
        for link in circles(folder, pattern):
            say(f"{link}: a link to a folder that it lies in, which is looked into once")
        files = video_files(folder, pattern, SUFFIXES if clock is None else FRAME_SUFFIXES)
        if wanted is not None and modality not in step.config.get("unlabelled", ()):
            files = {name: paths for name, paths in files.items() if name in wanted}
        shown = track(files.items(), f"probing {modality} videos", total=len(files))
        rows, bad = probe(folder, shown, wanted, every_frame, modality, clock)
        for name, column in columns.items():
            column += rows[name]
        several = len(step.config["patterns"]) > 1
        issues += [replace(one, reason=f"{modality}: {one.reason}") if several else one for one in bad]
    rows = settle(issues, step.stage, step.config["on_bad_input"])
    with whole(step.outputs["issues"]) as path:
        write_table(path, ISSUES, rows)
    with whole(step.outputs["videos"]) as path:
        write_table(path, VIDEOS, columns)
