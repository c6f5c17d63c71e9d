"""Results at a place: which there are, what their records say, how they come here."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.pipeline.records import identity
from foretaste.pipeline.store import KEY, RECORD, Entry, Store, entry_in
from foretaste.sharing.opening import open_place
from foretaste.sharing.place import Place

#: Largest record that is read, in bytes.
RECORD_LIMIT = 2**26


@dataclass(frozen=True)
class Remote:
    """One result at a place, by its record there."""

    place: Place
    key: str
    entry: Entry

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(facts.size for facts in self.entry.files.values())


def keys_at(place: Place) -> list[str]:
    """The results that a place has a record of, by one listing."""
    ends = (path.removesuffix(f"/{RECORD}") for path in place.sizes("") if path.endswith(f"/{RECORD}"))
    return sorted(key for key in ends if KEY.fullmatch(key))


def keys_at_places(urls: Sequence[str]) -> dict[str, str]:
    """Key -> URL, of every result at some places; the first place that has it."""
    found: dict[str, str] = {}
    for url in urls:
        for key in keys_at(open_place(url)):
            found.setdefault(key, url)
    return found


def remote(place: Place, key: str) -> Remote:
    """The result ``key`` of a place; nothing that its record says is believed before it is checked.

    Raises DataError where there is none, and for a record that is no record, is another result's, or names
    files outside its folder.
    """
    where = f"{place.where}/{key}/{RECORD}"
    text = place.read(f"{key}/{RECORD}", RECORD_LIMIT) if KEY.fullmatch(key) else None
    if text is None:
        raise DataError("no such result", where, "a key of foretaste store ls --at", "correct it")
    entry = entry_in(text, where)
    if (found := f"{entry.record['stage']}/{identity(entry.record)}") != key:
        raise DataError(
            f"the record of {found}", where, f"that of {key}", "do not use it; tell who published it"
        )
    return Remote(place, key, entry)


def fetch(found: Remote, store: Store, limit_bytes: int | None = None) -> Path:
    """Bring a result into a store; what an earlier attempt brought whole is not brought again. Returns its
    folder.

    Raises DataError for a file with other bytes than the record tells of, before anything can use it, and for
    a result of more than ``limit_bytes``.
    """
    if limit_bytes is not None and found.bytes > limit_bytes:
        raise DataError(
            f"{found.bytes} bytes",
            f"{found.place.where}/{found.key}",
            f"at most {limit_bytes}",
            "raise --limit",
        )
    with store.alone(found.key):
        if (there := store.find(found.key)) is not None:
            return there
        arriving = store.own / ".arriving" / found.key.replace("/", "-")
        for name, facts in found.entry.files.items():
            path = arriving / name
            if path.is_file() and artifact.sha256(path) == facts.sha256:
                continue
            _bring(found, name, path)
        for path in arriving.rglob("*"):  # of an attempt that was killed
            if path.is_file() and str(path.relative_to(arriving)) not in found.entry.files:
                path.unlink()
        return store.take(arriving, found.key, found.entry)


def verify(found: Remote) -> Iterator[str]:
    """Everything in which the files of a place differ from the record."""
    there = {path.removeprefix(f"{found.key}/"): size for path, size in found.place.sizes(found.key).items()}
    for name, facts in found.entry.files.items():
        if name not in there:
            yield f"{name}: missing"
        elif there[name] != facts.size:
            yield f"{name}: {there[name]} bytes, recorded are {facts.size}"
        elif _sha256(found.place, f"{found.key}/{name}") != facts.sha256:
            yield f"{name}: other bytes than were recorded (sha256)"


def publish(store: Store, key: str, place: Place, *, by_bytes: bool = False) -> int:
    """Put a result of ``store`` at a place, its record last; files that are there in their size, or by
    ``by_bytes`` in their very bytes, are left. Returns how many bytes were sent.

    Raises DataError for a result that is not whole.
    """
    folder = store.find(key)
    if folder is None:
        raise DataError("no whole result", f"{store.own}/{key}", "one of foretaste store ls", "make it first")
    entry = entry_in((folder / RECORD).read_bytes(), folder / RECORD)
    there = place.sizes(key)
    files = {}
    for name, facts in entry.files.items():
        if artifact.sha256(folder / name) != facts.sha256:
            raise DataError(
                f"{name}: other bytes than were recorded", folder, "the result as its step left it", "drop it"
            )
        path = f"{key}/{name}"
        if there.get(path) != facts.size or (by_bytes and _sha256(place, path) != facts.sha256):
            files[path] = folder / name
    sent = sum(path.stat().st_size for path in files.values())
    if f"{key}/{RECORD}" not in there or files:
        place.upload({**files, f"{key}/{RECORD}": folder / RECORD})
    return sent


def _sha256(place: Place, path: str) -> str:
    digest = hashlib.sha256()
    for chunk in place.chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _bring(found: Remote, name: str, path: Path) -> None:
    """One file, whole or not at all."""
    facts = found.entry.files[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    digest, size = hashlib.sha256(), 0
    try:
        with open(partial, "wb") as file:
            for chunk in found.place.chunks(f"{found.key}/{name}"):
                size += len(chunk)
                if size > facts.size:
                    break
                digest.update(chunk)
                file.write(chunk)
        if size != facts.size or digest.hexdigest() != facts.sha256:
            raise DataError(
                f"{name}: other bytes than its record tells of",
                f"{found.place.where}/{found.key}",
                f"{facts.size} bytes with sha256 {facts.sha256[:12]}...",
                "try again; if it stays so, tell who published it",
            )
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
