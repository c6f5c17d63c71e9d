"""What a person sees while a stage runs: a progress bar on a terminal, plain lines elsewhere, and both in the
log file.

Nothing here changes a result, so this module is left out of every fingerprint.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO, TypeVar

Item = TypeVar("Item")

#: Seconds between two progress lines where there is no terminal.
LINE_EVERY_S = 15.0

#: Set in the environment where no bar may be drawn; and where a run is drawn as one picture, to which what is
#: said in a log belongs (``picture``).
PLAIN, PICTURE = "FORETASTE_PLAIN", "FORETASTE_PICTURE"

_log: TextIO | None = None

#: Path in the store -> the path that people use.
_names: dict[str, str] = {}


def read_as(names: Mapping[str, str]) -> None:
    """From now on say ``names``' values for its keys, which are paths."""
    _names.update(sorted(names.items(), key=lambda item: -len(item[0])))


def open_log(path: Path | None, fresh: bool = True) -> None:
    """From now on copy every line to the end of ``path``, a ``fresh`` file or one that others write to."""
    global _log
    if path is not None and _speaks():
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.write_bytes(b"")
        _log = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115 (open as long as we live)


def say(line: str) -> None:
    """One line for the person who follows the run, with the time of day in the log file."""
    for path, name in _names.items():
        line = line.replace(path, name)
    if _speaks() and not _drawn():
        print(line, file=sys.stderr, flush=True)
    if _log is not None:
        print(f"{time.strftime('%H:%M:%S')} {line}", file=_log)


def reader_left() -> bool:
    """Whether stdout or stderr is a pipe that nobody reads any more."""
    poll = select.poll()
    for stream in (1, 2):
        poll.register(stream, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def silence() -> None:
    """Throw away what is still on its way to stdout and stderr; Python would complain of it at its end."""
    with open(os.devnull, "wb") as nowhere:
        for stream in (1, 2):
            os.dup2(nowhere.fileno(), stream)


def on_terminal() -> bool:
    """Whether a progress bar can be drawn; under Snakemake several stages share the terminal, so no."""
    return sys.stderr.isatty() and PLAIN not in os.environ and _speaks()


def _drawn() -> bool:
    """Whether the terminal shows the run as one picture, and what is said is read from the log."""
    return PICTURE in os.environ and _log is not None and sys.stderr.isatty()


def _speaks() -> bool:
    """Of several ranks one speaks for all."""
    return os.environ.get("RANK", "0") == "0"


def track(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """Pass ``items`` on, showing how far they are and how long the rest will take."""
    total = len(items) if total is None and hasattr(items, "__len__") else total
    if on_terminal():
        from rich.progress import track as rich_track

        yield from rich_track(items, description=what, total=total)
        return
    start = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= LINE_EVERY_S:
            last = now
            rest = f" of {total}, about {(now - start) * (total - done) / done:.0f} s left" if total else ""
            say(f"{what}: {done}{rest}")
    say(f"{what}: {done} in {time.monotonic() - start:.1f} s")
