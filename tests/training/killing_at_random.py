"""Ends a small training again and again, by SIGKILL and SIGTERM in turn, at random moments, lets it go on,
and compares all that it leaves.

    python tests/training/killing_at_random.py FOLDER [--kills 20]

Each try is a process of its own that is ended from outside, some steps further than the one before. Prints
how it was ended; exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from pathlib import Path

from killing_saves import left
from tiny_training import train

from foretaste.pipeline.interruption import END

SETTINGS = {"dropout": 0.3, "precision": "fp16", "buckets": True, "epochs": 60, "checkpoint_steps": 5}
#: Between two ends it takes at most so many steps: with 20 of them fewer than the training has.
STEPS = 12


def begin(out: Path) -> int:
    """The training in a process of its own; returns its id."""
    child = os.fork()
    if child == 0:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (until this process ends)
        try:
            train(out, **SETTINGS)
        except SystemExit as ended:
            os._exit(ended.code)
        os._exit(0)
    return child


def logged(out: Path) -> int:
    """Lines of the log."""
    log = out / "log.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def ended(out: Path, how: signal.Signals, further: int) -> int:
    """Go on, and end it so after so many more lines of the log; returns how the process ended."""
    before, child = logged(out), begin(out)
    while logged(out) < before + further:  # lines after the last checkpoint are taken back first
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            raise RuntimeError("the training ended by itself")
        time.sleep(0.0005)
    os.kill(child, how)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=20, help="(default: %(default)s)")
    arguments = parser.parse_args()
    whole, out = arguments.folder / "whole", arguments.folder / "killed"
    train(whole, **SETTINGS)
    chance = random.Random(0)
    found = []
    for number in range(arguments.kills):
        how = (signal.SIGKILL, signal.SIGTERM)[number % 2]
        found.append(ended(out, how, chance.randint(1, STEPS)))
    train(out, **SETTINGS)
    same = left(out) == left(whole)
    print(f"{found.count(-signal.SIGKILL)} by SIGKILL, {found.count(END)} by SIGTERM, same bytes: {same}")
    sys.exit(not same)


if __name__ == "__main__":
    main()
