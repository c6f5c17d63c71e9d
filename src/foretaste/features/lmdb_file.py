"""An LMDB file read by its pages: every key, and where its value lies.

The C library trusts what it maps: a file that was cut off or damaged ends the process that reads it. Here
every page number, offset and length is checked before it is followed, so that damage is one line. Read are
files of LMDB 0.9 (data version 1; OpenLDAP, libraries/liblmdb/mdb.c), all of whose numbers are little-endian
and of 64-bit hosts, with one unnamed database of plain keys. A file holds

    pages 0, 1     meta pages, of which the one with the later transaction counts
    branch pages   nodes (child page, first key of it), in order of the keys
    leaf pages     nodes (key, value); a large value lies in overflow pages, which the node names
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import check_is_itself

_MAGIC, _VERSION = 0xBEEFC0DE, 1
_NO_ROOT = 2**64 - 1

#: Bytes of a page's header, and of a node before its key.
_HEADER, _NODE = 16, 8

#: Kinds of pages, and of the values of a leaf: in overflow pages, a database of its own, several values.
_BRANCH, _LEAF, _OVERFLOW = 0x01, 0x02, 0x04
_ELSEWHERE, _DATABASE, _SEVERAL = 0x01, 0x02, 0x04

_PAGE = struct.Struct("<QHHHH")  # own number, padding, kind, end of the list of nodes, begin of free space
_META = struct.Struct("<IIQQ")
_TREE = struct.Struct("<IHHQQQQQ")  # page size, kind, depth, three counts of pages, entries, root
_ENTRY = struct.Struct("<HHHH")  # length or page (low, high), kind or page (highest), length of the key

#: The most levels that the C library follows.
_DEEPEST = 32


class _DamageError(Exception):
    """What contradicts itself, in words."""


@dataclass(frozen=True)
class Entry:
    """A key, and the place and length in bytes of its value in the file."""

    key: bytes
    offset: int
    size: int


def is_lmdb(path: Path) -> bool:
    """Whether a file begins as LMDB's do."""
    with open(path, "rb") as file:
        head = file.read(_HEADER + 4)
    return head[_HEADER:] == _MAGIC.to_bytes(4, "little")


def entries(path: Path) -> Iterator[Entry]:
    """Every key of the file, in ascending order. DataError for what is no such file, and for damage, where it
    is met; LMDB keeps no checksums, so of a value only its place and length are known to be right.
    """
    check_is_itself(path)
    if not is_lmdb(path):
        raise DataError("no LMDB file", path, "data.mdb of an LMDB", "correct the path, or get it again")
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
            yield from _Tree(memory).entries()
    except (_DamageError, struct.error) as error:
        raise DataError(f"damaged LMDB file ({error})", path, "a whole LMDB file", "get it again") from error


class _Tree:
    def __init__(self, memory: mmap.mmap):
        self._memory = memory
        self._page_size, *_ = _TREE.unpack_from(memory, _HEADER + _META.size)
        if self._page_size not in (2**power for power in range(9, 17)):
            raise _DamageError(f"pages of {self._page_size} bytes")
        metas = [self._meta(0), self._meta(self._page_size)]
        _, kind, depth, _, _, _, self._count, self._root = max(metas)[1]
        if kind:
            raise _DamageError(f"a database of kind {kind:#x}")
        self._depth = depth

    def _meta(self, at: int) -> tuple[int, tuple[int, ...]]:
        """(transaction, the tree of keys) of a meta page."""
        magic, version, *_ = _META.unpack_from(self._memory, at + _HEADER)
        if (magic, version) != (_MAGIC, _VERSION):
            raise _DamageError(f"meta page of version {version}")
        trees = at + _HEADER + _META.size
        _, transaction = struct.unpack_from("<QQ", self._memory, trees + 2 * _TREE.size)
        return transaction, _TREE.unpack_from(self._memory, trees + _TREE.size)

    def entries(self) -> Iterator[Entry]:
        if self._root == _NO_ROOT:
            return
        if not 1 <= self._depth <= _DEEPEST:
            raise _DamageError(f"a tree of depth {self._depth}")
        count, last = 0, None
        for entry in self._below(self._root, self._depth):
            if last is not None and entry.key <= last:
                raise _DamageError(f"key {entry.key!r} after {last!r}")
            count, last = count + 1, entry.key
            yield entry
        if count != self._count:
            raise _DamageError(f"{count} keys, and {self._count} by its own count")

    def _below(self, page: int, depth: int) -> Iterator[Entry]:
        """What hangs below a page that is ``depth`` levels high."""
        start = self._start(page, _LEAF if depth == 1 else _BRANCH)
        for at in self._nodes(start):
            low, high, kind, key_size = _ENTRY.unpack_from(self._memory, at)
            if depth > 1:
                yield from self._below(low | high << 16 | kind << 32, depth - 1)
                continue
            value, size = at + _NODE + key_size, low | high << 16
            if value > start + self._page_size:
                raise _DamageError(f"a key of page {page} leaves it")
            key = self._memory[at + _NODE : value]
            if kind & (_DATABASE | _SEVERAL):
                raise _DamageError(f"key {key!r} holds no single value")
            if kind & _ELSEWHERE:
                value = self._overflow(*struct.unpack_from("<Q", self._memory, value), size)
            elif value + size > start + self._page_size:
                raise _DamageError(f"the value of {key!r} leaves its page")
            yield Entry(key, value, size)

    def _start(self, page: int, kind: int) -> int:
        """Where a page of this kind begins."""
        start = page * self._page_size
        if start + self._page_size > len(self._memory):
            raise _DamageError(f"page {page} lies behind the end of the file")
        own, _, found, *_ = _PAGE.unpack_from(self._memory, start)
        if own != page or found & (_BRANCH | _LEAF | _OVERFLOW) != kind:
            raise _DamageError(f"page {page} is page {own} of kind {found:#x}")
        return start

    def _nodes(self, start: int) -> Iterator[int]:
        """Where the nodes of a page begin."""
        *_, lower, _ = _PAGE.unpack_from(self._memory, start)
        count, odd = divmod(lower - _HEADER, 2)
        if odd or count < 1 or lower > self._page_size:
            raise _DamageError(f"a list of nodes that ends at {lower} of a page")
        for offset in struct.unpack_from(f"<{count}H", self._memory, start + _HEADER):
            if not lower <= offset <= self._page_size - _NODE:
                raise _DamageError(f"a node at {offset} of a page")
            yield start + offset

    def _overflow(self, page: int, size: int) -> int:
        """Where the value begins whose overflow pages begin with ``page``."""
        start = self._start(page, _OVERFLOW)
        (pages,) = struct.unpack_from("<I", self._memory, start + 12)
        value = start + _HEADER
        if value + size > min(start + pages * self._page_size, len(self._memory)):
            raise _DamageError(f"a value of {size} bytes in {pages} pages")
        return value
