"""Which packets must be decoded for some frames to be right, and no others.

Decoding begins at a key frame and goes on to the last wanted packet. Within that, pictures that nobody
refers to are skipped unless they are wanted. A picture that follows a key frame in the file and is shown
before it may refer to what came before that key frame: decoding begins at the one before.
"""

from __future__ import annotations

import numpy as np

from foretaste.video.packets import DISPOSABLE, ENTRY, Packets


def runs(packets: Packets, frames: np.ndarray) -> list[np.ndarray]:
    """The packets (indices in the file, ascending) of each run from a key frame on; between runs a decoder
    starts anew. ``frames`` (m,) are the wanted ones, as indices in the order shown.
    """
    wanted = np.sort(packets.shown[frames])
    if not len(wanted):
        return []
    entries = np.flatnonzero(packets.flags & ENTRY)
    last_entry = np.searchsorted(entries, wanted, side="right") - 1
    shown_before = packets.pts[wanted] < packets.pts[entries[last_entry]]
    starts = entries[np.maximum(last_entry - shown_before, 0)]
    return [_kept(packets, start, stop, wanted) for start, stop in _united(starts, wanted)]


def leading(packets: Packets, run: np.ndarray) -> np.ndarray:
    """(len(run),) bool: the pictures of a run that are shown before its key frame, and refer to what was not
    decoded.
    """
    return packets.pts[run] < packets.pts[run[0]]


def _united(starts: np.ndarray, stops: np.ndarray) -> list[tuple[int, int]]:
    """The spans (both ends included), those that overlap as one."""
    order = np.argsort(starts, kind="stable")
    starts, reached = starts[order], np.maximum.accumulate(stops[order])
    begins = np.flatnonzero(np.concatenate(([True], starts[1:] > reached[:-1])))
    ends = np.concatenate((begins[1:] - 1, [len(starts) - 1]))
    return list(zip(starts[begins].tolist(), reached[ends].tolist()))


def _kept(packets: Packets, start: int, stop: int, wanted: np.ndarray) -> np.ndarray:
    span = np.arange(start, stop + 1)
    asked = np.zeros(len(span), bool)
    low, high = np.searchsorted(wanted, (start, stop + 1))
    asked[wanted[low:high] - start] = True
    needed = asked | (packets.flags[span] & DISPOSABLE == 0)
    needed[0] = True
    return span[needed]
