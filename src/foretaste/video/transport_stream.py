"""Whether an MPEG transport stream (ISO/IEC 13818-1, 2.4.3) has lost packets of a video: each carries a
counter, and FFmpeg shows what is left without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

#: Every packet begins with it; of cameras' files four bytes stand before, of some broadcasts' 16 after.
_SYNC, _SIZES = 0x47, (188, 192, 204)

#: So many packets in a row say how long one is, and so many are read at a time.
_ALIKE, _TOGETHER = 8, 1 << 14

#: So many bytes of the head of a picture are looked at.
_MARKS = 7

#: The packet whose counter begins anew where a muxer does (a stream in segments, put together).
_TABLE = 0


def fault(path: Path, number: int, beat: Callable[[], None]) -> str | None:
    """What is wrong with the packets of stream ``number``, with a ``beat`` now and then; None where none is
    lost or spoilt.
    """
    with open(path, "rb") as file:
        start, size = _layout(file.read(204 * (_ALIKE + 1)))
        file.seek(start)
        last, at = None, start
        while block := file.read(size * _TOGETHER):
            beat()
            whole = np.frombuffer(block, np.uint8, len(block) // size * size).reshape(-1, size)
            out_of_step = np.flatnonzero(whole[:, 0] != _SYNC)
            if len(out_of_step):
                at += int(out_of_step[0]) * size
                damage = f"damaged: its packets are out of step at byte {at:,}"
                return None if _zeros_from(path, at) else damage
            lost, last = _lost(whole, number, last)
            if lost is not None:
                return f"damaged: packets of the video are lost or spoilt at byte {at + lost * size:,}"
            at += len(block)
    return None


def _layout(head: bytes) -> tuple[int, int]:
    """Where the first packet begins, and bytes from one to the next."""
    for size in _SIZES:
        for start in range(size):
            if all(byte == _SYNC for byte in head[start : start + size * _ALIKE : size]):
                return start, size
    return 0, _SIZES[0]


def _zeros_from(path: Path, at: int) -> bool:
    """Whether nothing follows but padding."""
    with open(path, "rb") as file:
        file.seek(at)
        while block := file.read(1 << 20):
            if block.strip(b"\0"):
                return False
    return True


def _lost(packets: np.ndarray, number: int, last: int | None) -> tuple[int | None, int | None]:
    """(the first of ``packets`` (n, size) before which some of the stream are lost, or that is spoilt; the
    last counter), the counter before them being ``last``.
    """
    streams = (packets[:, 1] & 0x1F).astype(np.int64) << 8 | packets[:, 2]
    at = np.flatnonzero((streams == number) & (packets[:, 3] & 0x10 > 0))
    if not len(at):
        return None, last
    ours, begun = packets[at], np.flatnonzero((streams == _TABLE) & (packets[:, 3] & 15 == 0))
    counters = (ours[:, 3] & 15).astype(np.int64)
    before = np.concatenate(([counters[0] - 1 if last is None else last], counters[:-1]))
    jumps = at[((counters - before) % 16 != 1) & ~_announced(ours)]
    previous = np.concatenate(([-1], at))[np.searchsorted(at, jumps)]
    anew = np.searchsorted(begun, jumps) > np.searchsorted(begun, previous)
    wrong = np.concatenate((jumps[~anew], at[_spoilt(ours)]))
    return (int(wrong.min()) if len(wrong) else None), int(counters[-1])


def _spoilt(packets: np.ndarray) -> np.ndarray:
    """(n,) bool: packets that are said to be, and those with the beginning of a picture that do not begin as
    one of a video must (2.4.3.6: a mark, which stream it is of, a length, a mark).
    """
    start = np.where(packets[:, 3] & 0x20 > 0, 5 + packets[:, 4].astype(np.int64), 4)
    begins = (packets[:, 1] & 0x40 > 0) & (start + _MARKS <= _SIZES[0])
    places = np.minimum(start[:, None] + np.arange(_MARKS), _SIZES[0] - 1)
    heads = np.take_along_axis(packets, places, axis=1)
    marked = (heads[:, :3] == (0, 0, 1)).all(axis=1) & (heads[:, 3] >= 0xBD) & (heads[:, 6] & 0xC0 == 0x80)
    return (packets[:, 1] & 0x80 > 0) | (begins & ~marked)


def _announced(packets: np.ndarray) -> np.ndarray:
    """(n,) bool: packets that say that the counter jumps."""
    return (packets[:, 3] & 0x20 > 0) & (packets[:, 4] > 0) & (packets[:, 5] & 0x80 > 0)
