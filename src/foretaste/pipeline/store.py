"""Results by identity: whole, read-only folders, each with the record of what it was made from.

    <store>/<stage>/<identity>/record.json   what it depends on, its files with size and sha256, its cost
    <store>/<stage>/<identity>/<outputs>     segments.parquet, checkpoint/...: ``result_paths.file_of``

A result is there exactly if its folder is, its record gives its identity and every file has its size. What
paths call it (``names``) and when anything was changed decide nothing.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked, parsed, read_json, versioned
from foretaste.pipeline import artifact
from foretaste.pipeline.records import identity

FORMAT = 1

RECORD = "record.json"

#: A result: stage and identity.
KEY = re.compile(r"[a-z_]+/[0-9a-f]{20}")


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """One file of an entry."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What making an entry would take, as was said before (``pipeline.forecast``): as in ``Cost``, and the
    bytes of its files; None of what is not known. ``source``: where that comes from.
    """

    cpu_s: float
    source: str
    gpu_s: float | None = None
    max_rss_mb: float | None = None
    bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What making an entry took: seconds of wall and of CPU, of all its processes, and the largest of their
    resident memories in MB; seconds of GPUs that it held, and in per cent how busy they were, where that
    could be read.

    read_bytes
        Input -> size of its raw files, or of the whole results that they lie in.
    planned
        What had been said that it would take.
    """

    wall_s: float
    cpu_s: float
    max_rss_mb: float
    gpu_s: float = 0.0
    gpu_utilisation: float | None = None
    read_bytes: dict[str, int] = field(default_factory=dict)
    planned: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the record of an entry holds.

    cost, fetched
        How it was made, which is no part of its identity: ``fetched`` is what came from outside its inputs
        (revision and sha256 of a network).
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    format: int
    record: dict[str, Any]
    files: dict[str, FileFacts]
    cost: Cost | None = None
    fetched: dict[str, Any] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(facts.size for facts in self.files.values())


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A result that is taken for another: why, and in which fields (planned, stored) their records differ."""

    accepted: str
    note: str
    differences: list[list[Any]]


class Store:
    """The results of ``results``, and those of others that may be read."""

    def __init__(self, results: str | Path, others: Sequence[str] = ()):
        self.results, self.others = Path(results), tuple(others)
        self.own = self.results / ".store"

    def find(self, key: str) -> Path | None:
        """The folder of the result ``<stage>/<identity>``; None where there is none, or not all of it."""
        for root in (self.own, *map(Path, self.others)):
            folder = root / key
            if (folder / RECORD).is_file() and not any(faults(folder, contents=False)):
                return folder
        return None

    def accepted(self, key: str) -> str:
        """The key of the result that somebody accepted in the place of ``key``, where it is still there; else
        ``key`` itself.
        """
        path = self.acceptance(key)
        if not path.is_file():
            return key
        found = checked(read_json(path), Accepted, path, f"delete {path}").accepted
        return found if self.find(found) is not None else key

    def acceptance(self, key: str) -> Path:
        """Where it stands what was accepted in the place of a result."""
        return self.own / ".accepted" / f"{key}.json"

    def keys(self) -> Iterator[str]:
        """Every result of its own, whole or not."""
        for path in sorted(self.own.glob("[a-z]*/[0-9a-f]*")):
            yield f"{path.parent.name}/{path.name}"

    @contextmanager
    def alone(self, what: str, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Hold the lock of a result, or of the names; the system releases it if we die. ``waiting`` is called
        where another holds it.
        """
        path = self.own / ".locks" / f"{what.replace('/', '-')}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def publish(
        self,
        made: Path,
        key: str,
        record: dict[str, Any],
        cost: Cost | None = None,
        fetched: dict[str, Any] | None = None,
    ) -> Path:
        """Make the folder ``made``, which lies on the same file system, the result ``key``; returns where it
        is now.

        To be called under the result's lock. What lies in its place is incomplete, or it would have been
        found; it is put aside.
        """
        files = {
            str(path.relative_to(made)): FileFacts(size=path.stat().st_size, sha256=artifact.sha256(path))
            for path in sorted(made.rglob("*"))
            if path.is_file()
        }
        entry = Entry(format=FORMAT, record=record, files=files, cost=cost, fetched=fetched or {})
        return self.take(made, key, entry)

    def take(self, made: Path, key: str, entry: Entry) -> Path:
        """Make the folder ``made``, whose files are those of ``entry``, the result ``key``."""
        artifact.write_json(made / RECORD, asdict(entry))
        for name in (*entry.files, RECORD):
            (made / name).chmod(0o444)
        folder = self.own / key
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            folder.rename(folder.with_name(f".damaged-{folder.name}-{secrets.token_hex(4)}"))
        artifact.sync(made)
        os.rename(made, folder)
        artifact.sync(folder.parent)
        return folder


def read_entry(folder: Path) -> Entry:
    """The record of an entry; DataError unless it is one."""
    path = folder / RECORD
    return _checked_entry(read_json(path), path)


def entry_in(text: bytes, where: object) -> Entry:
    """The record that ``text`` is, likewise."""
    try:
        value = parsed(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON ({error})", where, "a record", "fetch it again") from error
    return _checked_entry(value, where)


def _checked_entry(value: Any, path: object) -> Entry:
    again = "make it again: what has no whole record is no result"
    entry = checked(versioned(value, FORMAT, "record", path), Entry, path, again)
    if not isinstance(entry.record.get("stage"), str):
        raise DataError("a record without a stage", path, "what the step was", again)
    for name in entry.files:
        plain = name == str(Path(name)) != "." and name.isprintable()  # no ./a, a//b, a/, or NUL
        if not plain or Path(name).is_absolute() or ".." in Path(name).parts:
            raise DataError(f"a file named {name!r}", path, "names inside the folder", again)
    return entry


def faults(folder: Path, contents: bool = True) -> Iterator[str]:
    """Everything in which a folder is not the result that its path says; ``contents``: each file is read."""
    try:
        entry = read_entry(folder)
    except DataError as error:
        yield str(error)
        return
    if (key := f"{entry.record['stage']}/{identity(entry.record)}") != "/".join(folder.parts[-2:]):
        yield f"record.json: gives {key}"
    for name, facts in entry.files.items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: missing"
        elif path.stat().st_size != facts.size:
            yield f"{name}: {path.stat().st_size} bytes, recorded are {facts.size}"
        elif contents and artifact.sha256(path) != facts.sha256:
            yield f"{name}: other bytes than were recorded (sha256)"
    if contents:
        there = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
        for stranger in sorted(there - {*entry.files, RECORD}):
            yield f"{stranger}: not in the record"


def entry_of(path: Path) -> Path | None:
    """The entry that a path lies in once links are followed, or that the files of a folder of names do; None
    where there is none.
    """
    inner = (one for one in sorted(path.iterdir()) if one.is_file()) if path.is_dir() else ()
    for one in (*inner, path):  # other files may lie among the names
        for folder in one.resolve().parents:
            if (folder / RECORD).is_file():
                return folder
    return None
