"""Look at, check or export stored features.

    foretaste features show PATH               what they come from; of each video its rows, times and gaps
    foretaste features verify PATH             read everything: checksums, types, times, values; exit 1 lists
                                               what is wrong
    foretaste features export PATH --format npz --out DIR

PATH is a feature file (.h5), or a folder of them. `npz` makes one file a video with the arrays feat,
grid_index, pts_s, valid; `npy` a folder for each of the four. What all videos share lies beside them, as
origin.json. Features of others come in by `foretaste import-features`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from foretaste.features.exchange import FORMATS, export
from foretaste.features.summary import lines, shards_of, summarise
from foretaste.features.verify import verify, without_checksums
from foretaste.pipeline.console import track
from foretaste.pipeline.store import entry_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="show|verify|export")
    for name, text in (("show", "what there is"), ("verify", "read and check all of it")):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("path", metavar="PATH", type=Path, help="a feature file, or a folder of them")
        verb.add_argument("--json", action="store_true", help="print all of it as JSON")
    text = "write them for other programs"
    verb = verbs.add_parser("export", help=text, description=text)
    verb.add_argument("path", metavar="PATH", type=Path, help="a feature file, or a folder of them")
    verb.add_argument("--format", choices=tuple(FORMATS), default="npz", help="(default: %(default)s)")
    verb.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder to make")


def run(arguments: argparse.Namespace) -> None:
    """Do what ``arguments.verb`` says."""
    paths = shards_of(arguments.path)
    if arguments.verb == "export":
        count = export(paths, arguments.format, arguments.out, lambda files: track(files, "exporting"))
        print(f"{count} videos")
        return
    summary = verify(paths) if arguments.verb == "verify" else summarise(paths)
    if arguments.json:
        print(json.dumps(summary.as_json(), indent=1, sort_keys=True, ensure_ascii=False))
        return
    for line in lines(summary):
        print(line)
    if arguments.verb == "verify":
        _verified(paths)


def _verified(paths: list[Path]) -> None:
    print(f"ok: {len(paths)} files, {sum(path.stat().st_size for path in paths)} bytes")
    for path in without_checksums(paths):
        print(f"{path}: format 1 has no checksums: consistent in itself, and no more can be said")
    if all(entry_of(path) is not None for path in paths):
        print("as the step left them, by its record")
