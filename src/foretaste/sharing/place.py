"""Where results are shared: a folder, a bucket, or a dataset repository of the Hugging Face hub.

A place is laid out as a store is (``<stage>/<identity>/...``), with names beside it; a folder can be read as
a store where it lies (``stores`` of config.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from foretaste.contracts.errors import ConfigError

#: How a place of the hub begins.
HUB = "hf://datasets/"

#: How many bytes are read or sent at once.
CHUNK = 2**22


class Place(Protocol):
    """Files by path, ``/`` between its parts."""

    where: str

    def sizes(self, prefix: str) -> dict[str, int]:
        """path -> bytes of every file under a prefix; none where there is nothing."""

    def read(self, path: str, limit: int) -> bytes | None:
        """The bytes of a small file; None where there is none. DataError for one of more than ``limit``."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a file, some at a time."""

    def upload(self, files: Mapping[str, Path]) -> None:
        """Put files there, in this order; a path that is there is replaced."""

    def add(self, path: str, text: bytes) -> bool:
        """Put a small file there unless something is there already: then False, whoever was first."""


def no_such_place(url: str, why: object) -> ConfigError:
    """The error for a place that cannot be opened."""
    return ConfigError(
        f"cannot open it ({why})",
        url,
        f"a folder, s3://<bucket>/<prefix>, another URL that fsspec lists and writes, or {HUB}<owner>/<name>",
        "correct the address, or install what fsspec needs for it",
    )
