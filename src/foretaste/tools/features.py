"""Look at, check or export stored features, or stored frames.

    foretaste features show PATH               what they come from; of each video its rows, times and gaps
    foretaste features verify PATH             read everything: checksums, types, times, values; exit 1 lists
                                               what is wrong
    foretaste features export PATH --format npz --out DIR

PATH is a feature file or a frame file (.h5), or a folder of them. Of features `npz` makes one file a video
with the arrays feat, grid_index, pts_s, valid; `npy` a folder for each of the four. Frames become JPEG files
(`jpg`), a folder a video. What all videos share lies beside them, as origin.json. Features of others come in
by `foretaste import-features`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from foretaste.contracts.errors import ConfigError
from foretaste.features import frame_export, frame_summary, frame_verify
from foretaste.features.exchange import FORMATS, export
from foretaste.features.summary import lines, shards_of, summarise
from foretaste.features.verify import verify, without_checksums
from foretaste.pipeline.console import track
from foretaste.pipeline.store import entry_of

#: What stored frames are exported as.
JPEG = "jpg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="show|verify|export")
    named = "a feature or frame file, or a folder of them"
    for name, text in (("show", "what there is"), ("verify", "read and check all of it")):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("path", metavar="PATH", type=Path, help=named)
        verb.add_argument("--json", action="store_true", help="print all of it as JSON")
    text = "write them for other programs"
    verb = verbs.add_parser("export", help=text, description=text)
    verb.add_argument("path", metavar="PATH", type=Path, help=named)
    verb.add_argument("--format", choices=(*FORMATS, JPEG), help="(default: npz; of frames jpg)")
    verb.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder to make")


def run(arguments: argparse.Namespace) -> None:
    """Do what ``arguments.verb`` says."""
    paths = shards_of(arguments.path)
    frames = frame_summary.holds_frames(paths[0])
    if arguments.verb == "export":
        _export(paths, frames, arguments)
        return
    of = {"show": frame_summary.summarise, "verify": frame_verify.verify}
    if not frames:
        of = {"show": summarise, "verify": verify}
    summary = of[arguments.verb](paths)
    if arguments.json:
        print(json.dumps(summary.as_json(), indent=1, sort_keys=True, ensure_ascii=False))
        return
    for line in frame_summary.lines(summary) if frames else lines(summary):
        print(line)
    if arguments.verb == "verify":
        _verified(paths, frames)


def _export(paths: list[Path], frames: bool, arguments: argparse.Namespace) -> None:
    wanted = arguments.format or (JPEG if frames else "npz")
    if (wanted == JPEG) != frames:
        what, formats = ("frames", JPEG) if frames else ("features", " or ".join(FORMATS))
        raise ConfigError(f"{what} as {wanted}", arguments.path, formats, "correct --format")
    if frames:
        count = frame_export.export(paths, arguments.out, lambda names: track(names, "exporting"))
    else:
        count = export(paths, wanted, arguments.out, lambda files: track(files, "exporting"))
    print(f"{count} videos")


def _verified(paths: list[Path], frames: bool) -> None:
    print(f"ok: {len(paths)} files, {sum(path.stat().st_size for path in paths)} bytes")
    for path in [] if frames else without_checksums(paths):
        print(f"{path}: format 1 has no checksums: consistent in itself, and no more can be said")
    if all(entry_of(path) is not None for path in paths):
        print("as the step left them, by its record")
