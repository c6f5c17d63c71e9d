"""Make the table of boxes of a dataset of boxes that others give as JSON.

    foretaste import-boxes DIR/bounding_box_smthsmth_part*.json \\
        --videos results/something_else/videos.parquet --out data/something_else/boxes.parquet

Files are those of Something-Else, or of Radevski et al. (STLT, multimodal distillation); what is there tells
which. The table of videos, which `probe_videos` makes, says how large each picture is and when each frame is
shown. Clips that are no video of the dataset are left out and counted; a clip with a box that leaves its
picture is a bad input, unless `--edges published` mends all boxes as the papers' code does. With --skip clips
that are bad inputs are left out and listed: their samples are then dropped for want of boxes. The table says
which frames somebody looked at, and clips of which that is not every one are listed: a sample that shows
others is a bad input of `make_samples`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import settle
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import BOXES, VIDEOS, of_modality, read_table, write_table
from foretaste.pipeline import artifact
from foretaste.video.box_table import Laid, Rule, lay_out
from foretaste.video.frame_table import FrameTable, frame_tables
from foretaste.video.given_boxes import BoxError, Clip, read_clips

#: How many clips are named of those that have something in common.
LISTED = 20


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
    settle(laid.issues, "import-boxes", "skip" if arguments.skip else "fail", _to_do(arguments.edges))
    count = sum(laid.boxes.values())
    if not count:
        raise _nothing(laid, videos, arguments)
    with artifact.whole(arguments.out) as partial:
        write_table(partial, BOXES, laid.columns)
    for issue in laid.issues:
        print(f"left out: {issue}", file=sys.stderr)
    for line in _said(laid, len(videos)):
        print(line)
    print(f"{arguments.out}: {count} boxes")


def _clips(sources: list[Path]) -> Iterator[tuple[str, str, Clip | BoxError]]:
    for source in sources:
        for video_id, clip in read_clips(source):
            yield source.name, video_id, clip


def _to_do(edges: Rule) -> str:
    mend = "; --edges published mends edges as the papers do" * (edges == "exact")
    return f"mend or remove them{mend}; --skip leaves these clips out"


def _nothing(laid: Laid, videos: Mapping[str, FrameTable], arguments: argparse.Namespace) -> DataError:
    """Of a table that would be empty: what is there in place of boxes."""
    others = laid.without_video
    what = "no clip of it is a video of the dataset"
    found = f"{len(others)} other clips: {_some(others)}" if others else "no clip at all"
    if laid.boxes or laid.issues:
        what = "no box of any video of the dataset"
        found = f"{len(laid.boxes)} clips without a box, {len(laid.issues)} with bad ones"
    files = ", ".join(str(source) for source in arguments.sources)
    return DataError(
        f"{what} ({found})",
        files,
        f"boxes of the videos in {arguments.videos}: {_some(sorted(videos))}",
        "use the file of boxes, and the table of videos, of one dataset",
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + ", ..." * (len(names) > 3)


def _said(laid: Laid, videos: int) -> list[str]:
    boxed = sum(count > 0 for count in laid.boxes.values())
    lines = [f"{boxed} of {videos} videos have boxes"]
    if others := laid.without_video:
        lines.append(f"{len(others)} clips are no videos, e.g. {others[0]}")
    early = [f"{video_id}: {frames} of {of} frames" for video_id, (frames, of) in laid.early.items()]
    lines += _listed("clips have boxes that stop before their last frame", early)
    holes = [f"{video_id}: {_spans(frames)}" for video_id, frames in laid.holes.items()]
    lines += _listed("clips have frames in between, counted from 0, that nobody looked at", holes)
    if laid.mended:
        lines.append(f"{laid.mended} boxes were moved by a pixel or more, as published")
    return lines


def _listed(what: str, clips: list[str]) -> list[str]:
    """How many there are, and the first of them."""
    if not clips:
        return []
    more = [f"  and {len(clips) - LISTED} more"] if len(clips) > LISTED else []
    return [f"{len(clips)} {what}:", *(f"  {clip}" for clip in clips[:LISTED]), *more]


def _spans(frames: list[int]) -> str:
    """Ascending numbers, those without a gap as one: 3, 5 to 19."""
    known = set(frames)
    first = [frame for frame in frames if frame - 1 not in known]
    last = [frame for frame in frames if frame + 1 not in known]
    return ", ".join(f"{begin} to {end}" if begin < end else f"{end}" for begin, end in zip(first, last))
