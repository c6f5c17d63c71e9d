"""Look at, check or export cached scores.

    foretaste scores show DIR                  which model, which splits, how they were made
    foretaste scores verify DIR                read everything: record, hashes, counts, ids, logits; exit 1
                                               lists what is wrong
    foretaste scores export DIR --split validation --format npz --out F.npz

`npz` holds sample_id and float32 logits a head, `topk` the K best classes of every row with the exact mass of
the rest; both write the class order beside the file, as F.classes.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from foretaste.contracts.errors import unknown
from foretaste.pipeline.store import entry_of
from foretaste.scores.exchange import export_npz, export_top_k
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.verify import verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="show|verify|export")
    for name, text in (
        ("show", "what the cache holds"),
        ("verify", "read and check all of it"),
        ("export", "write one split for other programs"),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("dir", metavar="DIR", type=Path, help="a scores/ folder")
        if name != "export":
            verb.add_argument("--json", action="store_true", help="print the manifest as JSON")
            continue
        verb.add_argument("--split", required=True, help="e.g. validation")
        verb.add_argument(
            "--format",
            choices=("npz", "topk"),
            default="npz",
            help="plain logits, or K best classes (default npz)",
        )
        verb.add_argument("--k", type=int, default=50, help="classes kept by topk (default 50)")
        verb.add_argument("--out", required=True, metavar="F", type=Path, help="file to write")


def run(arguments: argparse.Namespace) -> None:
    """Do what ``arguments.verb`` says."""
    if arguments.verb == "export":
        scores = open_scores(arguments.dir)
        if arguments.split not in scores.splits:
            raise unknown("split", arguments.split, scores.splits, arguments.dir)
        if arguments.format == "npz":
            export_npz(scores, arguments.split, arguments.out)
        else:
            export_top_k(scores, arguments.split, arguments.out, arguments.k)
        return
    scores = verify(arguments.dir) if arguments.verb == "verify" else open_scores(arguments.dir)
    if arguments.json:
        print(json.dumps(scores.manifest, indent=1, sort_keys=True, ensure_ascii=False))
    else:
        _describe(scores, verified=arguments.verb == "verify")


def _describe(scores: Scores, verified: bool) -> None:
    manifest = scores.manifest
    print("  ".join([*filter(None, [manifest["model"]]), scores.identity]))
    print("heads  " + ", ".join(f"{head} ({count})" for head, count in manifest["heads"].items()))
    for name, split in manifest["splits"].items():
        print(f"{name}  {split['samples']} samples, {split['rows']} distinct inputs, {split['scored']}")
    for field, value in sorted(manifest["record"].items()):
        print(f"{field}  {json.dumps(value, sort_keys=True, ensure_ascii=False)}")
    if verified:
        print(
            f"ok: {len(manifest['shards'])} shards, {sum(shard['bytes'] for shard in manifest['shards'])}"
            " bytes"
        )
        if entry_of(scores.folder) is None:
            print("consistent in itself; outside a store there is no record of the step to compare it with")
        else:
            print("as the step left it, by its record")
