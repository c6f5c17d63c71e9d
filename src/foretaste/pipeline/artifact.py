"""Outputs appear whole or not at all.

A file or folder is written under a temporary name beside its place, flushed to disk, and renamed. The name is
the process's own: of two that write one thing at once the later is there in the end, and both were whole. A
stage that is killed leaves at most a ``.<name>.partial-…`` that the next attempt on its machine removes.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from foretaste.contracts.errors import NO_ROOM, DataError
from foretaste.contracts.json_files import read_json as read_json  # beside write_json

#: The process's umask can only be read by setting it.
_UMASK = os.umask(0o022)
os.umask(_UMASK)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write a file or a folder to; on leaving without an error it becomes
    ``path``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _own_partial(path)
    try:
        yield partial
        _flush(partial)
        if path.is_dir() and not partial.is_dir():
            told = ("the name of a file", "name a file in it, or another")
            raise DataError("a folder where a file is to be written", path, *told)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        os.replace(partial, path)
        sync(path.parent)
    except BaseException as error:
        discard(partial)
        if (number := _number(error)) in NO_ROOM:
            raise DataError(
                f"cannot write ({os.strerror(number)})",
                path,
                "space and permission to write",
                "free space or move results_root",
            ) from error
        raise


def _own_partial(path: Path) -> Path:
    """Where this process writes what becomes ``path``. What processes of this machine left there that are no
    more, and what this one did, is removed.
    """
    begin, host = f".{path.name}.partial-", hashlib.sha256(os.uname().nodename.encode()).hexdigest()[:8]
    own = path.with_name(f"{begin}{host}-{os.getpid()}")
    for left in path.parent.glob(f"{glob.escape(begin)}{host}-*"):
        writer = left.name.rpartition("-")[2]
        if left == own or (writer.isdecimal() and not _lives(int(writer))):
            discard(left)
    return own


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _number(error: BaseException) -> int | None:
    """The system's number of an error; safetensors, which writes past Python, tells it in words alone."""
    if isinstance(error, OSError):
        return error.errno
    told = re.search(r"\(os error (\d+)\)", str(error)) if isinstance(error, SafetensorError) else None
    return int(told[1]) if told else None


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as readable JSON with sorted keys, whole or not at all (NaN is refused)."""
    with whole(path) as partial:
        partial.write_text(
            json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )


def remember_json(path: Path, value: Any) -> None:
    """Write a small JSON file that several processes may write at the same time, all with the same value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f".{path.name}.{os.uname().nodename}-{os.getpid()}")
    own.write_text(json.dumps(value, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(own, path)


def sha256(path: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def discard(path: Path) -> None:
    """Remove a file or a folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    for inner in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if inner.is_file() and not inner.is_symlink():  # what a link leads to is not ours
            # safetensors makes its files readable by their owner alone; artifacts are for the group to share.
            inner.chmod(0o666 & ~_UMASK)
            sync(inner)
    if path.is_dir():
        sync(path)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
