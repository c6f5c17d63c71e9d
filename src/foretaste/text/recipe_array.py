"""The elements of layer1.json's array, read as a stream through a window of the file: memory does not grow
with it.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from foretaste.contracts.errors import DataError

#: Bytes read at a time: large enough that few recipes are cut, small enough that the buffers stay in the
#: cache.
WINDOW = 1 << 15
#: A recipe longer than this is damage (a missing bracket), not a recipe: reading on would fill the memory.
LONGEST = 1 << 26

#: What a file of recipes should be.
EXPECTED = (
    "one JSON array of recipes: {id, title, partition, url, ingredients: [{text}], instructions: [{text}]}"
)
_SPACE = re.compile(r"[ \t\r\n]*")


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
            EXPECTED,
            "fetch or write the file again",
        )


def elements(file: BinaryIO, path: Path) -> Iterator[Any]:
    """The elements of the JSON array in an open file, one at a time.

    Raises DataError, naming row and byte, for anything that is no such array.
    """
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
