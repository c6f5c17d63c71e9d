"""Does a loader, of whatever code, show frames of the action that is to be anticipated?

    foretaste audit-windows WINDOWS.csv --segments EPIC_100_validation.csv \\
        --videos EPIC_100_video_info.csv --tau-a 1

WINDOWS.csv is what the loader has read: a column with the sample's id (sample_id, segment_id, narration_id or
uid), and `time_s` (seconds) or `frame` (indices, as it gave them to its decoder): one number a row, or
several in a cell. Says how far before each action the last frame lies, how many samples see less than tau_a
before it, or the action itself, and the clock that would explain it: windows cut before the action's end, or
frame numbers of one clock used on another. Exit code 1 where a sample sees what it may not.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from foretaste.contracts.errors import ConfigError
from foretaste.evaluation.read_windows import read_actions, read_rates, read_windows
from foretaste.evaluation.window_audit import (
    FEWEST,
    Explanation,
    Windows,
    explained,
    histogram,
    late,
    sees_action,
)
from foretaste.pipeline.amount import amount

#: Of the longest bar.
_WIDTH = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("windows", type=Path, metavar="WINDOWS.csv", help="what the loader has read")
    parser.add_argument(
        "--segments",
        type=Path,
        required=True,
        metavar="FILE",
        help="the actions: a CSV file of EPIC-KITCHENS, or results/<dataset>/segments.parquet",
    )
    rates = parser.add_mutually_exclusive_group()
    rates.add_argument(
        "--videos",
        type=Path,
        metavar="FILE",
        help="the videos' rates: a CSV file with video_id and fps, or results/<dataset>/videos.parquet (whose"
        " frames have a time each)",
    )
    rates.add_argument("--fps", type=float, help="one rate for all videos")
    parser.add_argument(
        "--first-frame", type=int, default=0, metavar="N", help="number of a first frame (default: 0)"
    )
    parser.add_argument(
        "--tau-a", type=amount, default=1.0, metavar="SECONDS", help="what must lie between (default: 1)"
    )
    parser.add_argument(
        "--tolerance",
        type=amount,
        default=0.0,
        metavar="SECONDS",
        help="by how much a frame may be late, such as half a frame of a loader that rounds (default: 0)",
    )
    parser.add_argument("--json", action="store_true", help="print the figures of every sample")


def run(arguments: argparse.Namespace) -> int:
    """Print it; 1 where a sample sees what it may not."""
    if arguments.fps is not None and not 0 < arguments.fps < math.inf:
        raise ConfigError(f"{arguments.fps:g} frames a second", "--fps", "a number above 0", "correct it")
    rates = arguments.fps if arguments.videos is None else read_rates(arguments.videos)
    actions = read_actions(arguments.segments)
    windows = read_windows(arguments.windows, actions, rates, arguments.first_frame)
    is_late = late(windows, arguments.tau_a, arguments.tolerance)
    best = explained(windows)
    if arguments.json:
        print(json.dumps(_figures(windows, is_late, best), indent=1))
    else:
        _tell(windows, is_late, best, arguments.tau_a)
    return 1 if is_late.any() else 0


def _figures(windows: Windows, is_late: np.ndarray, best: Explanation) -> dict[str, object]:
    return {
        "samples": len(windows.sample_ids),
        "late": int(is_late.sum()),
        "sees_action": int(sees_action(windows).sum()),
        "explanation": {**vars(best), "explains": best.explains},
        "before_s": dict(zip(windows.sample_ids, windows.before_s.round(6).tolist(), strict=True)),
    }


def _tell(windows: Windows, is_late: np.ndarray, best: Explanation, tau_a: float) -> None:
    count, before_s = len(windows.sample_ids), windows.before_s
    least, middle, most = (f"{found:.3f}" for found in np.percentile(before_s, [0, 50, 100]))
    print(f"{count} samples: the last frame lies {least} to {most} s before the action, median {middle}")
    bars = histogram(before_s)
    for begin, number in bars.bins():
        print(f"{begin:10g} s  {'#' * round(_WIDTH * number / max(bars.counts)):{_WIDTH}}  {number}")
    for wrong, what in (
        (is_late, f"less than {tau_a:g} s before the action"),
        (sees_action(windows), "the action"),
    ):
        share = 100 * wrong.mean()
        print(f"{int(wrong.sum())} samples ({share:.1f} %) see {what}{_worst(windows, wrong)}")
    print(_sentence(best))


def _worst(windows: Windows, wrong: np.ndarray) -> str:
    if not wrong.any():
        return ""
    worst = int(windows.before_s.argmin())
    last, start = windows.last_s[worst], windows.start_s[worst]
    return f"; {windows.sample_ids[worst]} sees {last:.2f} s, its action starts at {start:.2f} s"


def _sentence(best: Explanation) -> str:
    if best.samples < FEWEST:
        return f"too few samples to tell a clock ({best.samples}, of at least {FEWEST})"
    if not best.explains:
        return (
            f"no clock explains it: the most even distances, to the action's {best.anchor}, still differ by"
            f" {best.spread_s:.2f} s"
        )
    at = f"windows end {best.before_s:.2f} s before the action's {best.anchor}"
    if best.clock_fps is None:
        return f"explained: {at}"
    return (
        f"explained: {at} if frames are counted at {best.clock_fps:.5g} a second, not at the videos' own rate"
    )
