"""Damages bytes as disks, downloads and editors do: flipped bits, a cut, holes of zeros, noise, missing
bytes. By seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from foretaste.contracts.errors import ForetasteError


def damaged(data: bytes, seed: int) -> bytes:
    """``data`` with one damage, never equal to it."""
    rng = random.Random(seed)
    while True:
        made = _KINDS[rng.randrange(len(_KINDS))](bytearray(data), rng)
        if made != data:
            return bytes(made)


def malformed(data: bytes, seed: int) -> bytes:
    """JSON with one value that its reader does not expect, as an editor or another program might leave it;
    sometimes no JSON.
    """
    rng = random.Random(seed)
    if seed % 7 == 0:
        return rng.choice(_NO_JSON)
    value = json.loads(data)
    holder, key = rng.choice(list(_places(value)))
    if rng.random() < 0.2 and isinstance(holder, dict):
        del holder[key]
    else:
        odd = [one for one in _ODD if one != holder[key] or type(one) is not type(holder[key])]
        holder[key] = rng.choice(odd)
    return json.dumps(value).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of every value within ``value``."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


#: Values of other types, and numbers that no array could count.
_ODD = (
    None, True, 0, -1, 10**30, 1.5, 1e308, float("nan"), "", "x", "../../x", "\ud800", [], [None], [[[]]], {},
    {"x": 1}, [{"file": 3}],
)  # fmt: skip
_NO_JSON = (
    b"", b" ", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00", b"null", b"3", b"[]", b"{}", b'"x"',
    b'{"format": 1, "format": 1}', b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b"9" * 5_000, b"1e999", b"NaN", b'{"format": "1"}',
    b'{"format": true}', b'{"format": 99}',
)  # fmt: skip


def outcomes(read: Callable[[int], object], seeds: range) -> tuple[list[str], int]:
    """The error lines of ``read`` for every seed, and how often it gave something; any error but ours is
    raised.
    """
    lines, passed = [], 0
    for seed in seeds:
        try:
            read(seed)
            passed += 1
        except ForetasteError as error:
            lines.append(str(error))
            assert "\n" not in lines[-1] and len(lines[-1].split(": ")) >= 4, lines[-1]
    return lines, passed


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 1, 2, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data))]


def _hole(data: bytearray, rng: random.Random) -> bytearray:
    start, length = rng.randrange(len(data)), rng.randrange(1, 200)
    return data[:start] + bytes(len(data[start : start + length])) + data[start + length :]


def _noise(data: bytearray, rng: random.Random) -> bytearray:
    start, length = rng.randrange(len(data)), rng.randrange(1, 200)
    return data[:start] + rng.randbytes(len(data[start : start + length])) + data[start + length :]


def _missing(data: bytearray, rng: random.Random) -> bytearray:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randrange(1, 100) :]


_KINDS = (_flip, _cut, _hole, _noise, _missing)
