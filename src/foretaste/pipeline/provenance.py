"""Where an artifact comes from: a record beside it, from which its identity is computed and nothing else.

    record    = {spec, the identities of the inputs, versions of the libraries that change results}
                and, of what came from outside the inputs (a network, a package), its sha256 as ``fetched``
    identity  = sha256 of the record's canonical JSON

Of a folder the sha256 of its manifest.json as the step left it is kept too, outside the identity: what a step
made is no part of what it was made from. As a manifest holds the sha256 of the files beside it, this is a
digest of the whole folder.

Places (hosts, folders, buckets, device counts) are never part of a record, so that two of them can be
compared field by field.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked, read_json, versioned
from foretaste.pipeline.artifact import remember_json, sha256, write_json

FORMAT = 1

#: Libraries whose version can change a result.
LIBRARIES = (
    "accelerate",
    "av",
    "decord",
    "numpy",
    "opencv-python-headless",
    "peft",
    "pyarrow",
    "tokenizers",
    "torch",
    "transformers",
)


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of ``value``, in hexadecimal."""
    return hashlib.sha256(
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def record_path(artifact: Path) -> Path:
    """The record of a file or folder lies beside it."""
    return artifact.with_name(f"{artifact.name}.provenance.json")


def write_record(
    artifact: Path, spec: dict[str, Any], inputs: dict[str, Any], fetched: dict[str, Any] | None = None
) -> None:
    """Write the record of ``artifact``; ``inputs`` holds identities as ``identity_of`` gives them."""
    record = {"spec": spec, "inputs": inputs, "libraries": {name: version(name) for name in LIBRARIES}}
    if fetched:
        record["fetched"] = fetched
    stored = {"format": FORMAT, "identity": digest(record), "record": record}
    if (manifest := artifact / "manifest.json").is_file():
        stored["manifest_sha256"] = sha256(manifest)
    write_json(record_path(artifact), stored)


def recorded_manifest(artifact: Path) -> str | None:
    """The sha256 of the manifest.json of a folder by the record beside it; None where there is no record, or
    it is older than that.
    """
    beside = record_path(artifact.resolve())
    return read_record(beside).manifest_sha256 if beside.exists() else None


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record as it is stored."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    format: int
    identity: str
    record: dict[str, Any]
    manifest_sha256: str | None = None


def read_record(path: Path) -> Record:
    """The record in the file ``path``; DataError unless it is one and gives the identity that it states."""
    again = "rerun the step whose output lies beside it"
    stored = checked(versioned(read_json(path), FORMAT, "record", path), Record, path, again)
    if not stored.record.keys() >= {"spec", "inputs"} or digest(stored.record) != stored.identity:
        raise DataError("a changed record", path, "one that gives the identity it states", again)
    return stored


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """The sha256 of a raw file, and when it was that."""

    path: str
    size: int
    sha256: str


def identity_of(path: Path, memory: Path) -> str:
    """The identity of an artifact, or the sha256 of a raw file, remembered in ``memory`` by path, size and
    time.
    """
    beside = record_path(path)
    if beside.exists():
        return read_record(beside).identity
    if not path.is_file():
        raise DataError(
            "missing input", path, "a file, or an artifact with its provenance", "run the step that makes it"
        )
    status = path.stat()
    key = [str(path.resolve()), status.st_size, status.st_mtime_ns]
    remembered = memory / f"{digest(key)}.json"
    if remembered.exists():
        return checked(read_json(remembered), Remembered, remembered, f"delete {memory}").sha256
    value = sha256(path)
    remember_json(remembered, {"path": key[0], "size": key[1], "sha256": value})
    return value
