"""Where an artifact comes from: a record beside it, from which its identity is computed and nothing else.

    record    = {spec, the identities of the inputs, versions of the libraries that change results}
                and, of what came from outside the inputs (a network, a package), its sha256 as ``fetched``
    identity  = sha256 of the record's canonical JSON

Places (hosts, folders, buckets, device counts) are never part of a record, so that two of them can be compared field by field.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.pipeline.artifact import read_json, remember_json, sha256, write_json

FORMAT = 1

#: Libraries whose version can change a result.
LIBRARIES = ("accelerate", "av", "decord", "numpy", "opencv-python-headless", "peft", "pyarrow", "tokenizers", "torch", "transformers")


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of ``value``, in hexadecimal."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def record_path(artifact: Path) -> Path:
    """The record of a file or folder lies beside it."""
    return artifact.with_name(f"{artifact.name}.provenance.json")


def write_record(artifact: Path, spec: dict[str, Any], inputs: dict[str, Any], fetched: dict[str, Any] | None = None) -> None:
    """Write the record of ``artifact``; ``inputs`` holds identities as ``identity_of`` gives them."""
    record = {"spec": spec, "inputs": inputs, "libraries": {name: version(name) for name in LIBRARIES}}
    if fetched:
        record["fetched"] = fetched
    write_json(record_path(artifact), {"format": FORMAT, "identity": digest(record), "record": record})


def identity_of(path: Path, memory: Path) -> str:
    """The identity of an artifact, or the sha256 of a raw file, remembered in ``memory`` by path, size and time."""
    beside = record_path(path)
    if beside.exists():
        return read_json(beside)["identity"]
    if not path.is_file():
        raise DataError("missing input", path, "a file, or an artifact with its provenance", "run the step that makes it")
    status = path.stat()
    key = [str(path.resolve()), status.st_size, status.st_mtime_ns]
    remembered = memory / f"{digest(key)}.json"
    if remembered.exists():
        return read_json(remembered)["sha256"]
    value = sha256(path)
    remember_json(remembered, {"path": key[0], "size": key[1], "sha256": value})
    return value
