"""Whether the time stamps of a file's packets make sense, and how many frames a second they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from foretaste.video.packets import seconds, unreadable

#: Containers of broadcasts, in which a step of the clock by more than so many seconds is no pause (FFmpeg's
#: dts_delta_threshold).
BROADCAST, _LONGEST_STEP_S = ("mpegts", "mpeg"), 10.0


def check_count(path: Path, counted: np.ndarray, stated: int) -> None:
    """Of a container that counts frames in place of time stamps: a lost one makes all later ones too early.
    Empty ones, which lengthen the one before, may stand at the end.
    """
    held = int(counted[-1]) + 1
    if stated - held >= np.median(np.diff(counted, append=counted[-1] + 1)):
        raise unreadable(path, f"cut off or damaged: it states {stated} frames, and holds {held}")


def check_clock(path: Path, container: str, stamps: np.ndarray, time_base: Fraction) -> None:
    """Raise DataError where the clock jumps; ``stamps`` (n,) are times of decoding, in file order."""
    steps_s = seconds(np.diff(stamps), time_base)
    longest = _LONGEST_STEP_S if container in BROADCAST else np.inf
    odd = np.flatnonzero((steps_s < 0) | (steps_s > longest))
    if len(odd):
        at_s = seconds(stamps[odd[0]] - stamps[0], time_base)
        # FFmpeg shows what an edit list puts after a cut up to some frames too early.
        where = (
            "an edit list puts parts together (ffmpeg -i FILE NEW.mp4 writes it anew)"
            if "mp4" in container
            else "recordings are joined (ffmpeg -i FILE -c copy FILE.mp4 gives it one clock)"
        )
        raise unreadable(
            path, f"its clock jumps by {steps_s[odd[0]]:+.2f} s after {at_s:.2f} s, as where {where}"
        )


def rate_of(pts_s: np.ndarray, stated: float) -> float:
    """Frames a second: as the container states it where its frames bear that out, else as they are spaced
    (some state their clock's).
    """
    measured = (len(pts_s) - 1) / float(pts_s[-1]) if len(pts_s) > 1 and pts_s[-1] > 0 else stated
    return stated if abs(stated - measured) < 0.02 * measured else measured
