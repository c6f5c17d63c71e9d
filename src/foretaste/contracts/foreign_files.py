"""Files that others made: what stands where one should, and whether a container is whole. Never imports
torch.

A download can go wrong without an error: the file is there under its name and holds something else. That is
said when the file is first touched, hours before a training would open it.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

from safetensors import SafetensorError

from foretaste.contracts.errors import DataError

#: What a library raises that reads bytes which are not what it takes them for.
#:
#: torch's weights-only reader is an interpreter of pickle's stack machine, and transformers builds a network
#: from whatever numbers a config.json holds: neither promises an error of its own, and damaged bytes end in
#: nearly every error of data that Python has (tests/models/test_damaged_files.py makes hundreds of them).
#: Errors of code (NameError, ImportError, SyntaxError) are none of these: they are ours, and show.
UNREADABLE = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError,
    RuntimeError, TypeError,
    ValueError, SafetensorError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip

#: How a Git-LFS pointer begins (git-lfs.com, docs/spec.md).
_POINTER = b"version https://git-lfs"

_ZIP = b"PK\x03\x04"

#: Bytes that are read to see what a file is.
_HEAD = 512


def check_is_itself(path: Path) -> None:
    """DataError where ``path`` is missing or empty, a Git-LFS pointer, or a web page saved under its name."""
    path = Path(path)
    if not path.is_file():
        raise DataError("missing file", path, "a file", "download it, or correct the path")
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise DataError("an empty file", path, "the file itself", "fetch it again")
    if head.startswith(_POINTER):
        raise DataError(
            "a Git-LFS pointer, not the file that it stands for",
            path,
            "the file itself",
            f"run git lfs pull in {path.parent}, and bring the folder again",
        )
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise DataError(
            "a web page, not the file that it was to be",
            path,
            "the file itself",
            "download it again, signed in if need be",
        )


def is_zip(path: Path) -> bool:
    """Whether torch takes the file for its zip format (of torch 1.6 and later) rather than the older, bare
    pickles.
    """
    with open(path, "rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def check_zip(path: Path) -> None:
    """Raise one of ``UNREADABLE`` unless every member of the archive is as its checksum says.

    torch itself checks no sums: a flipped bit among the weights would be read as weights. It stores its
    members as they are, so a compressed one is not torch's, and could be larger than any memory.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if packed := [member.filename for member in members if member.compress_type != zipfile.ZIP_STORED]:
            raise zipfile.BadZipFile(f"{packed[0]} is compressed")
        if sum(member.file_size for member in members) > path.stat().st_size:
            raise zipfile.BadZipFile("members larger than the file")
        if (damaged := archive.testzip()) is not None:
            raise zipfile.BadZipFile(f"{damaged} is damaged")


def first_line(error: BaseException) -> str:
    """What a library says, in short."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
