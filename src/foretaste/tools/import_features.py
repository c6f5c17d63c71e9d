"""Make feature files of features that another program made.

    foretaste import-features rulstm/rgb --backbone "TSN, RGB (RULSTM)" --out data/features/tsn_rgb
    foretaste import-features my_features --fps 4 --out data/features/mine

The source is an LMDB with a key a frame (`<video>_frame_%010d.jpg`, float32 values: RULSTM's and AVT's), a
folder of .npy, .npz or .pt files, one a video, or one .npz with an array a video; what is there tells which.
A row that is missing is looked for up to --look-back steps before, and is never filled with zeros: printed is
each video with what it lacks.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from foretaste.contracts.errors import ConfigError
from foretaste.features.given import Clock, Source, import_features
from foretaste.features.shard import NOT_STATED
from foretaste.features.sources import open_source
from foretaste.features.summary import lines, summarise
from foretaste.pipeline.console import track


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("source", metavar="SOURCE", type=Path, help="a folder or a file")
    parser.add_argument(
        "--out", required=True, metavar="DIR", type=Path, help="folder to make, a file a video"
    )
    parser.add_argument("--fps", type=float, help="rows a second (an LMDB: 30 where nothing is said)")
    parser.add_argument(
        "--first",
        type=int,
        choices=(0, 1),
        help="number of the row that shows the first frame (an LMDB: 1; else 0)",
    )
    back = "steps that a missing row is looked for before (an LMDB: 9; else 0)"
    parser.add_argument("--look-back", type=int, metavar="STEPS", help=back)
    parser.add_argument(
        "--dtype", choices=("float16", "float32"), default="float16", help="(default: %(default)s)"
    )
    parser.add_argument("--backbone", default=NOT_STATED, help="what made them, in words")


def run(arguments: argparse.Namespace) -> None:
    """Import them."""
    source = open_source(arguments.source)
    paths = import_features(
        map(source.read, track(source.videos, "importing features")),
        arguments.out,
        _clock(arguments, source),
        f"import-features, {source.kind}",
        backbone=arguments.backbone,
        dtype=arguments.dtype,
    )
    for line in lines(summarise(paths)):
        print(line)


def _clock(arguments: argparse.Namespace, source: Source) -> Clock:
    """What the command line says, else what the source's files have by convention."""
    usual = source.clock
    if arguments.fps is None and usual is None:
        what = f"how many rows of {source.kind} files are a second is not said"
        raise ConfigError(what, "--fps", "a number above 0", "say it")
    asked = {"fps": arguments.fps, "first": arguments.first, "look_back": arguments.look_back}
    said = {name: value for name, value in asked.items() if value is not None}
    return Clock(**said) if usual is None else replace(usual, **said)
