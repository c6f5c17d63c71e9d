"""Damages bytes as disks, downloads and editors do: flipped bits, a cut, holes of zeros, noise, missing bytes. By seed."""

from __future__ import annotations

import random
from collections.abc import Callable

from foretaste.contracts.errors import ForetasteError


def damaged(data: bytes, seed: int) -> bytes:
    """``data`` with one damage, never equal to it."""
    rng = random.Random(seed)
    while True:
        made = _KINDS[rng.randrange(len(_KINDS))](bytearray(data), rng)
        if made != data:
            return bytes(made)


def outcomes(read: Callable[[int], object], seeds: range) -> tuple[list[str], int]:
    """The error lines of ``read`` for every seed, and how often it gave something; any error but ours is raised."""
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
