"""What a store holds and what of it is needed, for whoever looks after it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import read_json
from foretaste.pipeline.store import KEY, RECORD, Store, entry_of, read_entry


@dataclass(frozen=True)
class Held:
    """One result: ``names`` that stand for it, its size and the days since it was made."""

    key: str
    names: tuple[str, ...]
    bytes: int
    days: float


def held(store: Store) -> list[Held]:
    """Every result of a store, by stage and identity."""
    named = names(store)
    return [_held(store, key, named.get(key, ())) for key in store.keys()]  # noqa: SIM118 (no mapping)


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
        waiting += list(before(read_entry(store.own / key).record["inputs"]))
    return set(store.keys()) - needed


def key_of(store: Store, wanted: str) -> str:
    """The key of a result of this store by its key or by a path that names it."""
    keyed = store.own / wanted if KEY.fullmatch(wanted) else None
    folder = entry_of(Path(wanted)) if Path(wanted).exists() else keyed
    if folder is None or folder.resolve().parent.parent != store.own.resolve() or not folder.is_dir():
        raise DataError(
            "no result of this store",
            wanted,
            "a key of foretaste store ls, or the path of a result",
            "correct it",
        )
    return "/".join(folder.parts[-2:])


def with_inputs(store: Store, key: str) -> list[str]:
    """A result and everything in its store that it was made from, what came first first."""
    found: dict[str, None] = {}

    def visit(one: str) -> None:
        if one not in found and (folder := store.find(one)) is not None:
            for other in before(read_entry(folder).record["inputs"]):
                visit(other)
            found[one] = None

    visit(key)
    return list(found)


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
    """The results of runs that are going on, and those that they read: of a run that goes on where another
    was ended these may have no name yet.
    """
    for jobs in store.results.glob(".runs/*/jobs.json"):
        planned = read_json(jobs, "the workflow again")
        if not isinstance(planned, dict):
            raise DataError(
                "no list of jobs", jobs, "what a run wrote that goes on", f"end it, and delete {jobs.parent}"
            )
        for key, job in planned.items():
            yield key
            yield from read_json(store.results / ".steps" / Path(job).name, "the workflow again")["needs"]


def before(value: object) -> Iterator[str]:
    """The keys of the results among the inputs of a record."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from before(one)
    elif isinstance(value, str) and ":" in value:
        yield value.partition(":")[0]
