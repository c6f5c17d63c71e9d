"""Look after the store of results, and share what is in it.

What there is (ls), whether every byte is as it was left (verify), what nothing names any more (gc); take
results out, so that they are made anew (drop); put them at a place for others (publish) and bring others'
here (fetch): a folder, s3://<bucket>/<prefix>, or hf://datasets/<owner>/<name>.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline import console
from foretaste.pipeline.amount import amount
from foretaste.pipeline.store import RECORD, Store, faults
from foretaste.pipeline.upkeep import held, key_of, unneeded
from foretaste.scores.adopt import adopt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", type=Path, default=Path("results"), help="results_root")
    verbs = parser.add_subparsers(dest="verb", required=True)
    ls = verbs.add_parser("ls", help="every result, with its size, age and names")
    ls.add_argument("--json", action="store_true")
    verify = verbs.add_parser("verify", help="read every byte and compare it with the records")
    gc = verbs.add_parser("gc", help="remove what no name needs")
    gc.add_argument("--dry-run", action="store_true", help="only say what")
    gc.add_argument("--days", type=amount, default=0.0, help="only what is older")
    drop = verbs.add_parser("drop", help="remove results, so that the workflow makes them anew")
    drop.add_argument(
        "wanted", nargs="+", metavar="RESULT", help="<stage>/<identity>, or the path of a result"
    )
    publish = verbs.add_parser("publish", help="put results at a place, for others")
    publish.add_argument(
        "wanted", nargs="+", metavar="RESULT", help="<stage>/<identity>, or the path of a result"
    )
    publish.add_argument("--name", help="call it so there, as the next version")
    publish.add_argument(
        "--adopt",
        metavar="NOTE",
        help="RESULT is a folder of scores of elsewhere: where, how",
    )
    publish.add_argument("--with-inputs", action="store_true", help="and everything that it was made from")
    publish.add_argument(
        "--verify", action="store_true", help="read what lies there and send anew what differs"
    )
    fetch = verbs.add_parser("fetch", help="bring results of a place here")
    fetch.add_argument(
        "wanted", nargs="+", metavar="RESULT", help="<name>, <name>@<version> or <stage>/<identity>"
    )
    fetch.add_argument("--limit", type=amount, default=100.0, metavar="GB", help="refuse a larger result")
    for one in (publish, fetch):
        one.add_argument("--dry-run", action="store_true", help="only say what")
    for one, needed in ((ls, False), (verify, False), (publish, True), (fetch, True)):
        one.add_argument("--at", required=needed, metavar="PLACE", help="a folder or URL")


def run(arguments: argparse.Namespace) -> int:
    """One of them; 1 where something is wrong. ConfigError where there is no store to look at."""
    store = Store(arguments.results)
    here = arguments.verb in ("gc", "drop") or (arguments.verb in ("ls", "verify") and arguments.at is None)
    if here and not store.own.is_dir():
        told = ("the store of a run", "run the workflow, or name its results_root: --results")
        raise ConfigError("no store", store.own, *told)
    if arguments.verb == "gc":
        return _gc(store, arguments.days, arguments.dry_run)
    if arguments.verb == "drop":
        for wanted in arguments.wanted:
            _drop(store, wanted)
        return 0
    if arguments.verb == "publish" and arguments.adopt is not None:
        arguments.wanted = [adopt(Path(folder), store, arguments.adopt) for folder in arguments.wanted]
    if arguments.at is not None:
        from foretaste.sharing import command

        return command.run(arguments, store)
    return _verify(store) if arguments.verb == "verify" else _ls(store, arguments.json)


def _ls(store: Store, as_json: bool) -> int:
    found = held(store)
    if as_json:
        print(json.dumps([vars(one) for one in found], indent=1))
        return 0
    for one in found:
        print(
            f"{one.key}  {one.bytes / 1e6:.1f} MB  {one.days:.1f} days  {one.names[0] if one.names else '-'}"
        )
    print(f"{len(found)} results, {sum(one.bytes for one in found) / 1e6:.1f} MB")
    return 0


def _verify(store: Store) -> int:
    keys, wrong = list(store.keys()), 0
    for key in console.track(keys, "verifying"):
        for fault in faults(store.own / key):
            wrong += 1
            print(f"{key}: {fault}")
    print(f"{len(keys)} results, {wrong} faults")
    return 1 if wrong else 0


def _gc(store: Store, days: float, dry_run: bool) -> int:
    left = unneeded(store)
    found = [one for one in held(store) if one.key in left and one.days >= days]
    for one in found:
        print(f"{one.key}  {one.bytes / 1e6:.1f} MB  {one.days:.1f} days")
        if not dry_run:
            _remove(store.own / one.key)
    what = "would go" if dry_run else "removed"
    print(f"{len(found)} results, {sum(one.bytes for one in found) / 1e6:.1f} MB {what}")
    return 0


def _drop(store: Store, wanted: str) -> None:
    key = key_of(store, wanted)
    _remove(store.own / key)
    print(f"dropped {key}")


def _remove(folder: Path) -> None:
    """The record goes first, without which there is no result."""
    (folder / RECORD).unlink(missing_ok=True)
    shutil.rmtree(folder)
