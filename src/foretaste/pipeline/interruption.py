"""How a step is told to end: by SIGTERM, or by SIGUSR2, which Slurm sends before a job's time is over.

A training saves its state first (``training.interruptions``). Any other step may end at once, as one that is
killed goes on where it was.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

#: Exit code of a step that was told to end: what the system itself gives one that SIGTERM ends.
END = 128 + signal.SIGTERM

#: (NCCL may keep SIGUSR1 for itself.)
SIGNALS = (signal.SIGTERM, signal.SIGUSR2)


def heed() -> None:
    """From now on these signals raise SystemExit."""
    for number in SIGNALS:
        signal.signal(number, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(END)
