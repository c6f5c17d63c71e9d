"""What a run looks like on a terminal: sessions at 60 and 120 columns, recorded as text.

    python bench/terminal_sessions.py --out docs/terminal

Each session runs Snakemake on the micro kitchen in a copy of this checkout, on a pseudo-terminal of so many
columns, and keeps the last of the screens that showed most jobs, and what stood there at the end.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "config.yaml", "workflow", "profiles")
ROWS = 40

#: Variables that say what a terminal is like: here it is another.
OF_A_TERMINAL = ("NO_COLOR", "COLUMNS", "LINES", "TERM")

#: Text, or one of the few things that a picture is drawn with: move up, erase a line, colours, the cursor.
_TOKEN = re.compile(rb"\x1b\[(\?)?([0-9;]*)([a-zA-Z])|([\r\n\x08])|([^\x1b\r\n\x08]+)|\x1b.?")


class Screen:
    """A terminal of ``columns``, as far as it takes to see what was drawn; lines that scroll away stay."""

    def __init__(self, columns: int):
        self.columns = columns
        self.lines: list[list[str]] = [[]]
        self.row = self.column = 0

    def feed(self, data: bytes) -> None:
        """Draw what a program has written."""
        for private, number, letter, control, text in _TOKEN.findall(data):
            if text:
                self._write(text.decode("utf-8", "replace"))
            elif control == b"\r":
                self.column = 0
            elif control == b"\n":
                self.row += 1
                self._reach()
            elif letter == b"A" and not private:
                self.row = max(self.row - int(number or 1), 0)
            elif letter == b"K" and not private:
                kept = self.lines[self.row][: self.column] if number in (b"", b"0") else []
                self.lines[self.row] = kept

    def text(self) -> str:
        """All lines, without blanks at their ends."""
        return "\n".join("".join(line).rstrip() for line in self.lines).rstrip()

    def _write(self, text: str) -> None:
        for letter in text:
            if self.column == self.columns:
                self.row, self.column = self.row + 1, 0
                self._reach()
            line = self.lines[self.row]
            line += " " * (self.column + 1 - len(line))
            line[self.column] = letter
            self.column += 1

    def _reach(self) -> None:
        while len(self.lines) <= self.row:
            self.lines.append([])


@dataclass
class Session:
    """What came of a command on a terminal.

    raw
        Every byte.
    pictures
        The screen after each of its writes.
    code
        Its exit code.
    """

    raw: bytes = b""
    pictures: list[str] = field(default_factory=list)
    code: int = 0

    @property
    def last(self) -> str:
        """The screen in the end."""
        return self.pictures[-1] if self.pictures else ""

    @property
    def fullest(self) -> str:
        """The last of the screens that showed most jobs."""
        return max(reversed(self.pictures), key=jobs_shown, default="")


def jobs_shown(screen: str) -> int:
    """How many jobs the picture at the end of a screen shows."""
    return len(re.findall(r"^  \w+ \S.* \d+:\d\d$", screen, re.M))


def on_terminal(
    command: Sequence[str],
    columns: int,
    folder: Path,
    environment: dict[str, str],
    interrupt: Callable[[str], bool] = lambda screen: False,
    limit_s: float = 300.0,
) -> Session:
    """Run a command on a terminal of its own; Ctrl-C is pressed once, when ``interrupt`` says so of the
    screen.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], list(command), {**environment, "TERM": "xterm-256color"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    session, screen, pressed, began = Session(), Screen(columns), False, time.monotonic()
    while True:
        if time.monotonic() - began > limit_s:
            os.kill(child, signal.SIGKILL)
        ready, _, _ = select.select([terminal], [], [], 0.5)
        try:
            data = os.read(terminal, 1 << 16) if ready else None
        except OSError:  # the other end is closed
            break
        if data == b"":
            break
        if data is not None:
            session.raw += data
            screen.feed(data)
            session.pictures.append(screen.text())
            if not pressed and interrupt(session.last):
                os.write(terminal, b"\x03")
                pressed = True
    session.code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    return session


def checkout(folder: Path) -> dict[str, str]:
    """A copy of what a run reads; returns the environment to run in."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {
        **{name: value for name, value in os.environ.items() if name not in OF_A_TERMINAL},
        "PATH": path,
        "PYTHONPATH": str(ROOT / "src"),
        "HF_HUB_OFFLINE": "1",
        "OMP_WAIT_POLICY": "passive",
    }


RUN = ("snakemake", "--cores", "2")
MICRO = ("--config", "dataset=kitchen_micro")


def two_jobs(columns: int, folder: Path, environment: dict[str, str]) -> Session:
    """Two jobs at once, to the end."""
    targets = ("results/kitchen_micro/videos.parquet", "results/text/kitchen_micro/phrases.parquet")
    return on_terminal([*RUN, *targets, *MICRO], columns, folder, environment)


def error(columns: int, folder: Path, environment: dict[str, str]) -> Session:
    """A file that is no table of recipes."""
    (folder / "layer1.json").write_text('[{"id": 1}]')
    settings = ("--config", "dataset=epic55", "recipes=layer1.json")
    return on_terminal([*RUN, "results/text/layer1/phrases.parquet", *settings], columns, folder, environment)


def interrupted(columns: int, folder: Path, environment: dict[str, str]) -> Session:
    """Ctrl-C while two models are trained or scored, and neither has just begun."""

    def two_models(screen: str) -> bool:
        working = r"^  (?:train|score) \w+ of lm_avt_micro.* 0:(?!00|01)\d\d$"
        return len(re.findall(working, screen, re.M)) == 2

    return on_terminal([*RUN, "lm_avt_micro", *MICRO], columns, folder, environment, two_models)


SESSIONS = {"two_jobs": two_jobs, "error": error, "interrupted": interrupted}


def main() -> None:
    """Record every session at every width."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, run in SESSIONS.items():
        for columns in (60, 120):
            with tempfile.TemporaryDirectory(prefix="terminal-") as made:
                session = run(columns, Path(made), checkout(Path(made)))
            end = f"-- in the end (exit code {session.code})\n{session.last}\n"
            text = f"-- while it runs\n{session.fullest}\n\n{end}"
            (out / f"{name}_{columns}.txt").write_text(text, encoding="utf-8")
            print(f"{name} at {columns} columns: exit code {session.code}")


if __name__ == "__main__":
    main()
