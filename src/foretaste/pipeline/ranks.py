"""Several processes on one step, and the one that launched them.

The launcher alone keeps the books of the step and speaks to the person who waits. The others, the ranks, do
the work: they leave word of an error, and none outlives the launcher.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from foretaste.contracts.errors import ConfigError, DataError, ForetasteError

#: The process id of the launcher, and the folder where each rank leaves its word in a file of its number.
LAUNCHER, WORDS = "FORETASTE_LAUNCHER", "FORETASTE_WORDS"

#: Of Linux's <sys/prctl.h>: which signal comes when the parent dies.
_PR_SET_PDEATHSIG = 1


def is_rank() -> bool:
    """Whether this process is one of several."""
    return "RANK" in os.environ


def begin() -> None:
    """What a rank does before all else. It may sit in a collective, where Python hears no signal: so the
    launcher's death is SIGKILL to it, and an interrupt ends it at once, in silence.

    Raises ConfigError where another launcher started it, for then nobody keeps the books.
    """
    if LAUNCHER not in os.environ:
        raise ConfigError(
            "started by another launcher",
            "RANK in the environment",
            "one process, which starts the others",
            "set processes in config.yaml, and run the command by itself",
        )
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(os.environ[LAUNCHER]):  # it died before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def leave_word(error: ForetasteError, words: Path | None = None, name: str | None = None) -> None:
    """Tell the launcher why this rank, or all of a node (``name``), fails. Ranks often fail of one cause, of
    which one line is enough.
    """
    word = json.dumps([str(part) for part in error.args])
    Path(words or os.environ[WORDS], name or os.environ["RANK"]).write_text(word, encoding="utf-8")


def leave() -> None:
    """End a rank whose work is done, without taking Python apart. Threads of gloo let go of their last
    collective when they please; where Python is half gone by then, it aborts the process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def word_of(rank: int, words: Path) -> DataError | None:
    """The error that a rank left, if it did."""
    said = words / str(rank)
    return DataError(*json.loads(said.read_text(encoding="utf-8"))) if said.is_file() else None
