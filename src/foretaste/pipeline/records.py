"""What a step depends on, as a record: its digest is the step's identity, and nothing else decides whether a
result is the one that is wanted.

    stage, config           what is done, by which settings
    code                    module -> digest, of everything that the stage runs
    inputs                  name -> the step and file that it comes from, or the sha256 of a raw file
    libraries               name -> version, of those that the code uses and that can change a result
    threads, processes      which move last bits

Places (hosts, folders, devices) are never part of it, so that two records can be compared field by field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

#: What is imported -> the distributions whose version can then change a result.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "accelerate": ("accelerate",),
    "av": ("av",),
    "cv2": ("opencv-python-headless",),
    "h5py": ("h5py",),
    "numpy": ("numpy",),
    "peft": ("peft",),
    "pyarrow": ("pyarrow",),
    "scipy": ("scipy",),
    "tokenizers": ("tokenizers",),
    "torch": ("torch",),
    "transformers": ("tokenizers", "transformers"),
}

#: Letters of an identity.
LENGTH = 20

#: Inputs of a list that are written down one by one; of a longer list one digest stands for all.
LISTED = 200


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of ``value``, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity(record: Mapping[str, Any]) -> str:
    """What the step of a record is known by."""
    return digest(record)[:LENGTH]


def versions(imported: Sequence[str]) -> dict[str, str]:
    """Name -> version of the libraries among the modules ``imported`` that can change a result."""
    used = {library for name in imported for library in LIBRARIES.get(name.partition(".")[0], ())}
    return {library: _version(library) for library in sorted(used)}


@cache
def _version(library: str) -> str:
    return version(library)


def listed(identities: Sequence[str]) -> list[str] | dict[str, Any]:
    """The inputs of a list as a record holds them."""
    if len(identities) <= LISTED:
        return list(identities)
    return {"files": len(identities), "sha256": digest(list(identities))}


def differences(planned: Any, stored: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(field, planned value, stored value) of everything in which two records differ, None for what one
    lacks.
    """
    if isinstance(planned, Mapping) and isinstance(stored, Mapping):
        for key in dict.fromkeys([*planned, *stored]):
            inner = f"{where}.{key}" if where else str(key)
            yield from differences(planned.get(key), stored.get(key), inner)
    elif _lists(planned, stored) and len(planned) == len(stored):
        for number, (one, other) in enumerate(zip(planned, stored, strict=True)):
            yield from differences(one, other, f"{where}[{number}]")
    elif planned != stored:
        yield where, planned, stored


def _lists(*values: Any) -> bool:
    return all(isinstance(value, list | tuple) for value in values)
