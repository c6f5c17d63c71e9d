"""Ctrl-C in a run: what is kept, and how to go on, in two lines."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path
from types import FrameType

_noted: list[int] = []


def note() -> None:
    """From now on remember that somebody asked for the end; whatever was to happen then still does."""
    before = signal.getsignal(signal.SIGINT)

    def interrupted(number: int, frame: FrameType | None) -> None:
        _noted.append(number)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGINT, interrupted)


def noted() -> bool:
    """Whether somebody did."""
    return bool(_noted)


def tell(results: str) -> None:
    """At the end of a run that was interrupted."""
    if not _noted:
        return
    kept = f"finished steps are kept in {results}; extraction and training go on from what they saved last"
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    print(f"interrupted: {kept}", f"to go on: {shlex.join(words)}", sep="\n", file=sys.stderr, flush=True)
