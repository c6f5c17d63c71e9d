"""Look at, check, export or import scores.

    foretaste scores show DIR                  which model, which splits, how they were made, licence, terms
    foretaste scores verify DIR                read everything: record, hashes, counts, ids, logits; exit 1
                                               lists what is wrong
    foretaste scores export DIR --split validation --format npz --out F.npz
    foretaste scores import F.npz --split validation --classes F.classes.json --out DIR
    foretaste scores import A.h5 B.h5 --split training validation --trained-on training --out DIR

`npz` (arrays sample_id, <head>) and `hdf5` (logits/<head>, uid: as AVT writes its results) hold full float32
logits; `parquet` and `topk` (safetensors) the K best classes of every row with the mass of the rest. All put
the class order beside the file, as F.classes.json. What is imported are full logits: npz, hdf5, or a Parquet
file of lists of all classes. Without --classes the class list is that beside the first file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.pipeline.store import entry_of
from foretaste.scores.datasheet import stated
from foretaste.scores.exchange import FORMATS, export
from foretaste.scores.importing import import_scores
from foretaste.scores.plain import classes_beside
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.verify import verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="show|verify|export|import")
    for name, text in (("show", "what the cache holds"), ("verify", "read and check all of it")):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("dir", metavar="DIR", type=Path, help="a scores/ folder")
        verb.add_argument("--json", action="store_true", help="print the manifest as JSON")
    text = "write one split for other programs"
    verb = verbs.add_parser("export", help=text, description=text)
    verb.add_argument("dir", metavar="DIR", type=Path, help="a scores/ folder")
    verb.add_argument("--split", required=True, help="e.g. validation")
    kinds = "full logits (npz, hdf5), or the K best classes (parquet, topk)"
    verb.add_argument("--format", choices=tuple(FORMATS), default="npz", help=f"{kinds}; default npz")
    verb.add_argument("--k", type=int, default=50, help="classes kept by parquet and topk (default 50)")
    verb.add_argument("--out", required=True, metavar="F", type=Path, help="file to write")
    text = "make a score cache of other programs' logits"
    verb = verbs.add_parser("import", help=text, description=text)
    verb.add_argument("files", metavar="F", nargs="+", type=Path, help="files of full logits, one a split")
    verb.add_argument("--split", required=True, nargs="+", help="the split of each file, in their order")
    verb.add_argument("--classes", metavar="FILE", type=Path, help="class order of the columns of all files")
    verb.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder to make")
    verb.add_argument("--trained-on", nargs="*", metavar="SPLIT", help="splits that the model was trained on")
    verb.add_argument("--licence", help="of the data that was scored")
    verb.add_argument("--terms", help="what else the use of that data is bound to")


def run(arguments: argparse.Namespace) -> None:
    """Do what ``arguments.verb`` says."""
    if arguments.verb == "export":
        scores = open_scores(arguments.dir)
        if arguments.split not in scores.splits:
            raise unknown("split", arguments.split, scores.splits, arguments.dir)
        export(scores, arguments.split, arguments.format, arguments.out, arguments.k)
        return
    if arguments.verb == "import":
        _import(arguments)
        return
    scores = verify(arguments.dir) if arguments.verb == "verify" else open_scores(arguments.dir)
    if arguments.json:
        print(json.dumps(scores.manifest, indent=1, sort_keys=True, ensure_ascii=False))
        return
    _describe(scores)
    if arguments.verb == "verify":
        _verified(scores)


def _import(arguments: argparse.Namespace) -> None:
    files, splits = arguments.files, arguments.split
    if len(files) != len(splits) or len(set(splits)) < len(splits):
        raise ConfigError(
            f"{len(files)} files of splits {', '.join(splits)}",
            "--split",
            "a split for each file",
            "name each once",
        )
    import_scores(
        dict(zip(splits, files, strict=True)),
        arguments.classes or classes_beside(files[0]),
        arguments.out,
        trained_on=arguments.trained_on,
        licence=arguments.licence,
        terms=arguments.terms,
    )
    _describe(open_scores(arguments.out))


def _describe(scores: Scores) -> None:
    manifest = scores.manifest
    print("  ".join([*filter(None, [manifest["model"]]), scores.identity]))
    print("heads  " + ", ".join(f"{head} ({count})" for head, count in manifest["heads"].items()))
    for name, split in manifest["splits"].items():
        views = ", ".join(split["views"])
        counted = f"{split['samples']} samples, {split['rows']} distinct inputs"
        print(f"{name}  {counted}, {split['scored']}, seen as {views}")
    for name, value in stated(manifest["facts"]).items():
        print(f"{name}  {value}")
    for one in manifest["facts"].get("imported") or ():
        print(f"imported  {one['split']} from {one['file']}, sha256 {one['sha256']}")
    for field, value in sorted(manifest["record"].items()):
        print(f"{field}  {json.dumps(value, sort_keys=True, ensure_ascii=False)}")


def _verified(scores: Scores) -> None:
    shards = scores.manifest["shards"]
    print(f"ok: {len(shards)} shards, {sum(shard['bytes'] for shard in shards)} bytes")
    if entry_of(scores.folder) is None:
        print("consistent in itself; outside a store there is no record of the step to compare it with")
    else:
        print("as the step left it, by its record")
