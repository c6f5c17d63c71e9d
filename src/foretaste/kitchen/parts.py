"""The three parts of a world on disk (recipes, annotations, videos), each with a manifest of its files."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection
from pathlib import Path
from threading import Thread

import cv2
import pyarrow.parquet as pq

from foretaste.contracts.table_stream import TableWriter
from foretaste.contracts.tables import BOXES
from foretaste.kitchen.annotations import write_annotations
from foretaste.kitchen.boxes import boxes_of
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.encode import write_video
from foretaste.kitchen.recipes import write_recipes
from foretaste.kitchen.render import frames
from foretaste.kitchen.schedule import plan_timeline
from foretaste.kitchen.sounds import soundtrack
from foretaste.kitchen.style import draw_style
from foretaste.kitchen.truth import TRUTH, truth_of
from foretaste.kitchen.world import World
from foretaste.pipeline import artifact, console

FORMAT = 1


def make_recipes(config: WorldConfig, folder: Path) -> None:
    """``layer1.json`` and ``steps.parquet``."""
    write_recipes(World(config), folder)


def make_annotations(config: WorldConfig, folder: Path) -> None:
    """The CSV files of EPIC-KITCHENS-55 and RULSTM, ``truth.parquet`` (a row group a video) and
    ``boxes.parquet``.
    """
    world = World(config)
    timelines = [plan_timeline(config, video) for video in world.videos]
    write_annotations(world, timelines, folder)
    with (
        pq.ParquetWriter(folder / "truth.parquet", TRUTH, compression="zstd") as truths,
        TableWriter(folder / "boxes.parquet", BOXES) as boxes,
    ):
        for timeline in console.track(timelines, "truth of videos"):
            truth = truth_of(world, timeline)
            truths.write_table(truth)
            boxes.write(boxes_of(config, truth))


def make_videos(config: WorldConfig, folder: Path, scratch: Path, processes: int) -> None:
    """``<video_id>.mp4`` of every video; those that ``scratch`` holds from an earlier attempt are not made
    again.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    names = [video.video_id for video in World(config).videos]
    waiting = [n for n, name in enumerate(names) if not (scratch / f"{name}.mp4").exists()]
    for _ in console.track(_render(config, waiting, scratch, processes), "videos", len(waiting)):
        pass
    for name in names:
        shutil.copyfile(scratch / f"{name}.mp4", folder / f"{name}.mp4")


def _render(config: WorldConfig, numbers: list[int], scratch: Path, processes: int) -> Iterator[None]:
    """Each video is a function of the settings and its number alone, so the number of processes changes
    nothing.
    """
    if processes == 1:
        for number in numbers:
            yield make_video(config, number, scratch)
        return
    with ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_end_with_parent
    ) as pool:
        jobs = [pool.submit(make_video, config, number, scratch) for number in numbers]
        for job in jobs:
            yield job.result()


def _end_with_parent() -> None:
    """Ends this process when its parent is killed: an orphan would go on writing files that a restarted job
    also writes.
    """
    parent = multiprocessing.parent_process()

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def make_video(config: WorldConfig, number: int, scratch: Path) -> None:
    """Draw and encode one video of the world."""
    cv2.setNumThreads(1)
    video = World(config).videos[number]
    timeline = plan_timeline(config, video)
    with artifact.whole(scratch / f"{video.video_id}.mp4") as partial:
        pictures = frames(config, timeline, draw_style(config.seed, video.participant))
        write_video(partial, pictures, soundtrack(config, timeline), config)


def write_manifest(folder: Path, part: str) -> None:
    """``manifest.json``: the sha256 of every other file of the folder."""
    files = {path.name: artifact.sha256(path) for path in sorted(folder.iterdir())}
    text = json.dumps({"format": FORMAT, "part": part, "files": files}, indent=1, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
