"""Recipe1M's layer1.json, read as a stream.

The file is one JSON array of objects ``{"id", "title", "partition": "train" | "val" | "test", "url",
"ingredients": [{"text"}], "instructions": [{"text"}]}`` (Marin et al. 2019, "Recipe1M+"), in UTF-8, plain or
compressed. Recipe1M has 1,029,720 of them in about 1.5 GB, so the text passes through a window of some twenty
recipes, and memory does not grow with the file.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import json
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from foretaste.contracts.errors import DataError

PARTITIONS = ("train", "val", "test")

#: Bytes read at a time: large enough that few recipes are cut, small enough that the buffers stay in the
#: cache.
WINDOW = 1 << 15
#: A recipe longer than this is damage (a missing bracket), not a recipe: reading on would fill the memory.
LONGEST = 1 << 26

#: How a compressed file begins, whatever it is called, and what opens it.
_MARKS = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2"}
_OPENERS = {"gzip": gzip.open, "xz": lzma.open, "bzip2": bz2.open}
_LONGEST_MARK = max(map(len, _MARKS))
#: What the decompressors raise of damage, besides an OSError without a number.
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError)

_SPACE = re.compile(r"[ \t\r\n]*")
_TEXT = itemgetter("text")
#: Values that are no text are named, not quoted: they may be of any size and depth.
_KINDS = {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}
_EXPECTED = (
    "one JSON array of recipes: {id, title, partition, url, ingredients: [{text}], instructions: [{text}]}"
)


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
                _EXPECTED,
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
            yield from _elements(raw, path)
            return
        try:
            with _OPENERS[kind](raw, "rb") as file:
                yield from _elements(file, path)
        except (*_DAMAGED, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # the disk's, not the decompressor's
                raise
            raise DataError(
                f"damaged {kind} file ({error})", path, f"a whole {kind} file", "fetch it again"
            ) from error


def _compression(begins: bytes) -> str | None:
    """The kind of compression of a file that begins with these bytes."""
    return next((kind for mark, kind in _MARKS.items() if begins.startswith(mark)), None)


class _Window:
    """A part of the text, moved along the file: ``text[at:]`` is what is not yet parsed."""

    def __init__(self, file: BinaryIO, path: Path):
        self.file, self.path = file, path
        self.decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self.text, self.at, self.read, self.row, self.ended = "", 0, 0, 0, False
        #: Up to here elements are parsed one by one.
        self.alone = 0
        #: What is wrong with the bytes after the text, and where.
        self.broken: tuple[str, int] | None = None

    def grow(self) -> bool:
        """Drop what is parsed and read on; False at the end of the file."""
        if self.broken:
            raise self.damage(*self.broken)
        if self.ended:
            return False
        # as much again, so that one long element is not parsed more often than its length doubles
        data = self.file.read(max(WINDOW, len(self.text) - self.at))
        try:
            new, self.ended = self.decoder.decode(data, final=not data), not data
            self.read += len(data)
        except UnicodeDecodeError as error:
            # What stands before is read first: it says in which row this is.
            new = error.object[: error.start].decode()
            self.read += len(data) - len(error.object) + error.start
            self.decoder.reset()
            self.broken = f"not UTF-8 ({error.reason})", self.read
        self.text, self.alone, self.at = self.text[self.at :] + new, self.alone - self.at, 0
        return True

    def skip_space(self) -> str:
        """The next character that is not white space, or "" at the end."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow():
                return ""

    def damage(self, what: str, byte: int | None = None) -> DataError:
        if byte is None:
            byte = (
                self.read
                - len(self.decoder.getstate()[0])
                - len(self.text[self.at :].encode("utf-8", "surrogatepass"))
            )
        return DataError(
            f"damaged recipes ({what})",
            f"{self.path}: row {self.row}, byte {byte}",
            _EXPECTED,
            "fetch or write the file again",
        )


def _elements(file: BinaryIO, path: Path) -> Iterator[Any]:
    decode = json.JSONDecoder(parse_constant=_refuse).raw_decode
    window = _Window(file, path)
    if window.skip_space() == "\ufeff":
        window.at += 1
    if window.skip_space() != "[":
        raise window.damage("it does not begin with [")
    window.at += 1
    if window.skip_space() == "]":
        window.at += 1
    else:
        mark = ","
        while mark == ",":
            yield from _whole_elements(window)
            yield _element(window, decode)
            window.row += 1
            mark = window.skip_space()
            window.at += 1
        if mark != "]":
            window.at -= 1
            raise window.damage("the array is not closed" if not mark else f"{mark!r} where , or ] should be")
    if window.skip_space():
        raise window.damage("text after the array")


def _whole_elements(window: _Window) -> Iterator[Any]:
    """The elements of the window up to the last that begins as the first one does, parsed in one call, which
    is faster than one by one.

    The place where that last one begins is a guess: only between two elements of the array does a bracket
    make JSON of what stands before, and anywhere else, or if anything is wrong, the elements of this window
    are left to ``_element``. Integers of more than 64 bits are floats here.
    """
    window.skip_space()
    text, at = window.text, window.at
    if at < window.alone:
        return
    begins = text[at : text.find(":", at) + 1]
    stop = text.rfind(begins, at + 1) if begins else -1
    whole = text[at : max(at, stop)].rstrip(" \t\r\n")
    values = _array(whole[:-1]) if whole.endswith(",") else []
    if not values:
        window.alone = len(text)
        return
    window.at = stop
    for value in values:
        window.row += 1
        yield value


def _array(elements: str) -> list[Any]:
    """What stands between the brackets of an array; empty if it is no JSON."""
    try:
        return orjson.loads(f"[{elements}]")
    except orjson.JSONDecodeError:
        return []


def _element(window: _Window, decode: Callable[[str, int], tuple[Any, int]]) -> Any:
    window.skip_space()
    while True:
        try:
            value, stop = decode(window.text, window.at)
            # a number may go on in the next piece of the file, "1" or "1." or "1e+"
            after = window.text[stop : stop + 3]
            if after.strip(".eE+-") or len(after) == 3 or window.ended:
                window.at = stop
                return value
        except json.JSONDecodeError as error:
            # a mistake well before the end of the window cannot be mended by reading on
            cut = error.pos >= len(window.text) or error.msg.startswith(("Unterminated", "Invalid \\u"))
            if window.ended or len(window.text) - window.at > LONGEST or _certain(error, window):
                raise window.damage(
                    "the file ends within a recipe" if window.ended and cut else error.msg
                ) from error
        except (ValueError, RecursionError) as error:
            raise window.damage(str(error)) from error
        window.grow()


def _certain(error: json.JSONDecodeError, window: _Window) -> bool:
    return error.pos < len(window.text) - 16 and not error.msg.startswith("Unterminated string")


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
