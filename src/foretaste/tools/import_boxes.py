"""Make the table of boxes of a dataset of boxes that others give as JSON.

    foretaste import-boxes DIR/bounding_box_smthsmth_part*.json \\
        --videos results/something_else/videos.parquet --out data/something_else/boxes.parquet

Files are those of Something-Else, or of Radevski et al. (STLT, multimodal distillation); what is there tells
which. The table of videos, which `probe_videos` makes, says how large each picture is and when each frame is
shown. Clips that are no video of the dataset are left out and counted; a clip with a box that leaves its
picture is a bad input, unless `--edges published` mends all boxes as the papers' code does. With --skip clips
that are bad inputs are left out and listed: their samples are then dropped for want of boxes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from foretaste.contracts.issues import settle
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import BOXES, VIDEOS, of_modality, read_table, write_table
from foretaste.pipeline import artifact
from foretaste.video.box_table import Laid, Rule, lay_out
from foretaste.video.frame_table import frame_tables
from foretaste.video.given_boxes import BoxError, Clip, read_clips


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("sources", metavar="FILE", nargs="+", type=Path, help="JSON files of boxes")
    parser.add_argument(
        "--videos", required=True, metavar="TABLE", type=Path, help="videos.parquet of the dataset"
    )
    parser.add_argument("--out", required=True, metavar="TABLE", type=Path, help="the table to write")
    parser.add_argument(
        "--edges", choices=get_args(Rule), default="exact", help="what becomes of bad edges (default: exact)"
    )
    parser.add_argument("--skip", action="store_true", help="leave out clips with bad boxes, and list them")


def run(arguments: argparse.Namespace) -> None:
    """Write the table, whole or not at all."""
    videos = frame_tables(of_modality(read_table(arguments.videos, VIDEOS), RGB), Path())
    laid = lay_out(_clips(arguments.sources), videos, arguments.edges)
    settle(laid.issues, "import-boxes", "skip" if arguments.skip else "fail")
    with artifact.whole(arguments.out) as partial:
        write_table(partial, BOXES, laid.columns)
    for issue in laid.issues:
        print(f"left out: {issue}", file=sys.stderr)
    for line in _said(laid, len(videos)):
        print(line)
    print(f"{arguments.out}: {len(laid.columns['video_id'])} boxes")


def _clips(sources: list[Path]) -> Iterator[tuple[str, str, Clip | BoxError]]:
    for source in sources:
        for video_id, clip in read_clips(source):
            yield source.name, video_id, clip


def _said(laid: Laid, videos: int) -> list[str]:
    boxed = len(set(laid.columns["video_id"]))
    lines = [f"{boxed} of {videos} videos have boxes"]
    if laid.without_video:
        lines.append(f"{len(laid.without_video)} clips are no videos, e.g. {laid.without_video[0]}")
    if laid.early:
        video_id, (frames, of) = next(iter(laid.early.items()))
        some = f"{video_id}: {frames} of {of} frames"
        lines.append(f"{len(laid.early)} clips have boxes that stop before their last frame, e.g. {some}")
    if laid.mended:
        lines.append(f"{laid.mended} boxes were moved by a pixel or more, as published")
    return lines
