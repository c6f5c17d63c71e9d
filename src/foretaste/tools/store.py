"""Look after the store of results: what there is (ls), whether every byte is as it was left (verify), what
nothing names any more (gc), and take results out, so that they are made anew (drop).
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.pipeline import console
from foretaste.pipeline.store import RECORD, Store, entry_of, faults, read_entry


@dataclass(frozen=True)
class Held:
    """One result: ``names`` that stand for it, its size and the days since it was made."""

    key: str
    names: tuple[str, ...]
    bytes: int
    days: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", type=Path, default=Path("results"), help="results_root")
    verbs = parser.add_subparsers(dest="verb", required=True)
    ls = verbs.add_parser("ls", help="every result, with its size, age and names")
    ls.add_argument("--json", action="store_true")
    verbs.add_parser("verify", help="read every byte and compare it with the records")
    gc = verbs.add_parser("gc", help="remove what no name needs")
    gc.add_argument("--dry-run", action="store_true", help="only say what")
    gc.add_argument("--days", type=float, default=0.0, help="only what is older")
    drop = verbs.add_parser("drop", help="remove results, so that the workflow makes them anew")
    drop.add_argument("keys", nargs="+", metavar="RESULT", help="<stage>/<identity>, or the path of a result")


def run(arguments: argparse.Namespace) -> int:
    """One of them; 1 where ``verify`` finds a fault."""
    store = Store(arguments.results)
    if arguments.verb == "ls":
        return _ls(store, arguments.json)
    if arguments.verb == "verify":
        return _verify(store)
    if arguments.verb == "gc":
        return _gc(store, arguments.days, arguments.dry_run)
    for key in arguments.keys:
        _drop(store, key)
    return 0


def held(store: Store) -> list[Held]:
    """Every result of a store, by stage and identity."""
    named = names(store)
    return [_held(store, key, named.get(key, ())) for key in store.keys()]


def names(store: Store) -> dict[str, list[str]]:
    """Key -> the names that stand for it."""
    found: dict[str, list[str]] = {}
    for path in _links(store.results):
        if path.name.endswith(".provenance.json") and (entry := entry_of(path)) is not None:
            found.setdefault("/".join(entry.parts[-2:]), []).append(
                str(path).removesuffix(".provenance.json")
            )
    return found


def unneeded(store: Store) -> set[str]:
    """The results that no name stands for, nor any that was made from one that does, and no run waits for."""
    waiting = [*names(store), *_planned(store)]
    needed: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in needed or not (store.own / key / RECORD).is_file():
            continue
        needed.add(key)
        waiting += list(_read_from(read_entry(store.own / key).record["inputs"]))
    return set(store.keys()) - needed


def _ls(store: Store, as_json: bool) -> int:
    found = held(store)
    if as_json:
        print(json.dumps([vars(one) for one in found], indent=1))
        return 0
    for one in found:
        print(f"{one.key}  {one.bytes / 1e6:.1f} MB  {one.days:.1f} days  {' '.join(one.names) or '-'}")
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


def _drop(store: Store, key: str) -> None:
    folder = entry_of(Path(key)) if Path(key).exists() else store.own / key
    if folder is None or folder.parents[1] != store.own or not folder.is_dir():
        inside = folder is not None and folder.resolve().is_relative_to(store.own.resolve())
        if not inside:
            raise DataError("no result of this store", key, "a key of foretaste store ls", "correct it")
    _remove(folder)
    print(f"dropped {'/'.join(folder.parts[-2:])}")


def _remove(folder: Path) -> None:
    """At once: the record goes first, without which there is no result."""
    (folder / RECORD).unlink(missing_ok=True)
    shutil.rmtree(folder)


def _held(store: Store, key: str, named: list[str] | tuple[str, ...]) -> Held:
    files = [path.stat() for path in (store.own / key).rglob("*") if path.is_file()]
    made = max((status.st_mtime for status in files), default=time.time())
    return Held(key, tuple(named), sum(status.st_size for status in files), (time.time() - made) / 86400)


def _links(folder: Path) -> Iterator[Path]:
    """The links under the results, those of the store and of runs left out."""
    for inner in sorted(folder.iterdir()) if folder.is_dir() else ():
        if inner.is_symlink():
            yield inner
        elif inner.is_dir() and not inner.name.startswith("."):
            yield from _links(inner)


def _planned(store: Store) -> Iterator[str]:
    """The results of runs that are going on."""
    for jobs in store.results.glob(".runs/*/jobs.json"):
        yield from json.loads(jobs.read_text(encoding="utf-8"))


def _read_from(value: object) -> Iterator[str]:
    """The results among the inputs of a record."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _read_from(one)
    elif isinstance(value, str) and ":" in value:
        yield value.partition(":")[0]
