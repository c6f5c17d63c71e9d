"""Recipe1M's layer1.json, read as a stream.

The file is one JSON array of objects ``{"id", "title", "partition": "train" | "val" | "test", "url",
"ingredients": [{"text"}], "instructions": [{"text"}]}`` (Marin et al. 2019, "Recipe1M+"), in UTF-8, plain or
compressed. Recipe1M has 1,029,720 of them in about 1.5 GB, so the text passes through a window of some twenty
recipes, and memory does not grow with the file.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from foretaste.contracts.errors import DataError
from foretaste.text.recipe_array import EXPECTED, elements

PARTITIONS = ("train", "val", "test")

#: How a compressed file begins, whatever it is called, and what opens it.
_MARKS = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2"}
_OPENERS = {"gzip": gzip.open, "xz": lzma.open, "bzip2": bz2.open}
_LONGEST_MARK = max(map(len, _MARKS))
#: What the decompressors raise of damage, besides an OSError without a number.
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError)

_TEXT = itemgetter("text")
#: Values that are no text are named, not quoted: they may be of any size and depth.
_KINDS = {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}


class Recipe(NamedTuple):
    """One recipe; ``instructions`` are the texts of its steps, each a sentence or several. ``row`` counts
    from 0.
    """

    row: int
    id: str
    partition: str
    title: str
    instructions: list[str]


class BadRow(NamedTuple):
    """A row that is valid JSON but no recipe: its number (from 0), its id if it has one, and what is wrong
    with it.
    """

    row: int
    id: str | None
    reason: str


def read_recipes(path: Path, on_bad: Callable[[BadRow], None] | None = None) -> Iterator[Recipe]:
    """The recipes of a layer1 file in its order.

    A row that is not as documented is handed to ``on_bad`` and left out; without ``on_bad`` it raises
    DataError, as damaged JSON, text that is not UTF-8 and a file that ends too early always do, naming row
    and byte.
    """
    path = Path(path)
    for row, value in enumerate(_values(path)):
        try:
            instructions = list(map(_TEXT, value["instructions"]))
            recipe = Recipe(row, value["id"], value["partition"], value["title"], instructions)
            everything = "".join(
                [recipe[1], recipe[3], value["url"], *instructions, *map(_TEXT, value["ingredients"])]
            )
            good = (
                recipe[1]
                and recipe[2] in PARTITIONS
                and type(value["instructions"]) is list is type(value["ingredients"])
            )
            if good and not everything.isascii():
                everything.encode()
        except (KeyError, TypeError, IndexError, UnicodeEncodeError):
            good = False
        if good:
            yield recipe
            continue
        bad = BadRow(
            row,
            value["id"] if isinstance(value, dict) and isinstance(value.get("id"), str) else None,
            _complaint(value),
        )
        if on_bad is None:
            raise DataError(
                f"bad recipe ({bad.reason})",
                f"{path}: row {row}",
                EXPECTED,
                "mend the row, or set on_bad_input: skip",
            )
        on_bad(bad)


def _complaint(value: Any) -> str:
    """What is wrong with a row that is no recipe."""
    if not isinstance(value, dict):
        return f"a {type(value).__name__} where an object should be"
    for key in ("id", "partition", "title", "url"):
        if key not in value:
            return f"no {key}"
        if not isinstance(value[key], str):
            return f"{key} is {_KINDS.get(type(value[key]), 'a number')}, not text"
        if not _encodes(value[key]):
            return f"{key} holds half of a surrogate pair"
    if not value["id"]:
        return "empty id"
    if value["partition"] not in PARTITIONS:
        return f"partition {value['partition'][:40]!r} is none of {', '.join(PARTITIONS)}"
    for key in ("ingredients", "instructions"):
        if key not in value:
            return f"no {key}"
        if not isinstance(value[key], list):
            return f"{key} is no list"
        for at, item in enumerate(value[key]):
            if not isinstance(item, dict) or not isinstance(item.get("text"), str):
                return f"{key}[{at}] is not {{text: ...}}"
            if not _encodes(item["text"]):
                return f"{key}[{at}] holds half of a surrogate pair"
    raise AssertionError(value)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _values(path: Path) -> Iterator[Any]:
    """The elements of the array in ``path``, one at a time."""
    try:
        raw = open(path, "rb")  # noqa: SIM115 (closed below)
    except FileNotFoundError as error:
        raise DataError("missing recipes", path, "a file as layer1.json", "correct the path") from error
    with raw:
        kind = _compression(raw.read(_LONGEST_MARK))
        raw.seek(0)
        if kind is None:
            yield from elements(raw, path)
            return
        try:
            with _OPENERS[kind](raw, "rb") as file:
                yield from elements(file, path)
        except (*_DAMAGED, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # the disk's, not the decompressor's
                raise
            raise DataError(
                f"damaged {kind} file ({error})", path, f"a whole {kind} file", "fetch it again"
            ) from error


def _compression(begins: bytes) -> str | None:
    """The kind of compression of a file that begins with these bytes."""
    return next((kind for mark, kind in _MARKS.items() if begins.startswith(mark)), None)
