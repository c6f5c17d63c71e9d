"""Probing videos, extracting features from them and storing their frames, killed by -9 at random moments and
started again: the files that come out are those of an undisturbed run, byte for byte.

    python tests/features/killing_extraction.py --kills 20
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

import barcode
import frame_files

from foretaste.contracts.tables import VIDEOS, read_table, write_table
from foretaste.features.extract import Settings, extract_shard
from foretaste.features.frame_parts import store_videos
from foretaste.features.frame_shard import write_frames
from foretaste.features.shard import write_features
from foretaste.pipeline.artifact import whole
from foretaste.pipeline.video_files import video_files
from foretaste.video.frame_table import frame_tables
from foretaste.video.probe import probe
from foretaste.video.transforms import Picture

SETTINGS = Settings(
    grid_fps=4.0, picture=Picture(height=96, width=128), backbone={"kind": "cells"}, weights_sha256="0"
)
MADE = ("videos.parquet", "features.h5", "frames.h5")


def write_videos(folder: Path) -> Path:
    folder.mkdir()
    for name in "abcdef":
        barcode.write_clip(folder / f"{name}.mp4", 80, size=(96, 128))
    return folder


def make(videos: Path, folder: Path) -> None:
    """The three files of ``MADE``, by the functions that their stages call, and where those write."""
    torch.set_num_threads(1)
    for name in ("features", "frames"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in MADE]
    if not paths[0].exists():
        columns, issues = probe(videos, video_files(videos).items())
        assert not issues
        with whole(paths[0]) as path:
            write_table(path, VIDEOS, columns)
    found = frame_tables(read_table(paths[0], VIDEOS), videos)
    grid, all_frames = {name: np.arange(30) for name in found}, {name: np.arange(80) for name in found}
    if not paths[1].exists():
        cells = barcode.CellMeans()
        features, _ = extract_shard(grid, found, cells, SETTINGS, folder / "features")
        with whole(paths[1]) as path:
            write_features(path, SETTINGS.origin(cells.width), features)
    if not paths[2].exists():
        of = frame_files.origin(side=96)
        parts, _ = store_videos(all_frames, found, of, folder / "frames")
        with whole(paths[2]) as path:
            write_frames(path, of, parts)


def check(folder: Path, kills: int, luck: random.Random) -> int:
    """Rounds, each in a folder of its own, until so many were killed; AssertionError unless each round ends
    with what an undisturbed run makes. Returns how many were killed.
    """
    videos = write_videos(folder / "videos")
    began = time.monotonic()
    assert _attempt(videos, folder / "undisturbed", None) == 0
    took_s, done = time.monotonic() - began, 0
    while done < kills:
        here = folder / str(done)
        while _attempt(videos, here, luck.uniform(0, took_s) if done < kills else None):
            done += 1
        for name in MADE:
            assert (here / name).read_bytes() == (folder / "undisturbed" / name).read_bytes(), name
            assert not list(here.glob(f".{name}*")), "nothing is left behind"
    return done


def _attempt(videos: Path, folder: Path, killed_after_s: float | None) -> int:
    """1 where the process was killed, 0 where it came to its end before; AssertionError where it failed."""
    process = multiprocessing.get_context("fork").Process(target=make, args=(videos, folder))
    process.start()
    process.join(killed_after_s)
    if process.is_alive():
        process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return int(process.exitcode != 0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20, help="(default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = check(Path(folder), arguments.kills, random.Random(0))
        print(f"killed {done} times: {', '.join(MADE)} are as they are without")


if __name__ == "__main__":
    main()
