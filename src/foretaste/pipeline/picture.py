"""A run as one picture on a terminal: how far it is, and of every job that runs which model of which system
and seed it is about, what it said last, and for how long it has been at it. Jobs that ended scroll by, a line
each; an error is one line, with the path of its log.

Nothing here changes a result. Jobs say nothing on the terminal meanwhile (``console``): what they say stands
in their logs, of which the last line is shown.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from logging import ERROR, WARNING, LogRecord
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from foretaste.pipeline import interrupts
from foretaste.pipeline.console import PICTURE
from foretaste.settings.result_paths import log_of, steps_of

#: Pictures a second.
RATE = 4

#: Columns from which a job and what it said stand in one line.
WIDE = 100

#: Columns that are left free: the terminal writes ^C behind the last line, which must not wrap.
MARGIN = 3

#: Jobs that are shown; of more their number is.
SHOWN = 8

#: Bytes at the end of a log that hold its last line.
TAIL = 4096

#: What Snakemake says before every run, and beside the error of a job that failed.
_USUAL = ("Building DAG of jobs", "Using shell", "host: ", "Assuming unrestricted", "Config file")
_BESIDE = (
    "At least one job did not complete",
    "Exiting because a job execution failed",
    "CalledProcessError",
)


@dataclass
class Running:
    """A job: its stage, the path that it makes, and when it began."""

    stage: str
    path: str
    began_s: float = field(default_factory=time.monotonic)

    @property
    def about(self) -> str:
        """What it makes, for people."""
        return about(self.path)

    @property
    def log(self) -> Path:
        """Where it says what it does."""
        return Path(log_of(self.path))

    @property
    def took(self) -> str:
        """For how long it has been running."""
        return clock(time.monotonic() - self.began_s)


class Picture:
    """What is known of a run, and the place where it is drawn."""

    def __init__(self, console: Console | None = None):
        self.console = console or Console(stderr=True)
        self.running: dict[int, Running] = {}
        self.done = self.total = 0
        self._began_s = time.monotonic()
        self._live: Live | None = None
        self._said: list[str] = []
        os.environ[PICTURE] = "1"

    def take(self, record: LogRecord) -> None:
        """One thing that Snakemake tells."""
        event, facts = str(getattr(record, "event", "") or ""), record.__dict__
        known = getattr(self, f"_{event}", None) if event else None
        if known is not None:
            known(facts)
        elif event in ("", "error"):
            self._take_words(record.getMessage().strip(), record.levelno)

    def _take_words(self, said: str, level: int) -> None:
        """Errors and warnings are told at once; what else is said before a run begins, if none does."""
        if level >= WARNING:
            if said and not any(words in said for words in _BESIDE):
                self._print(Text(said, style="red" if level >= ERROR else "yellow"))
                self._said.clear()
        elif "Nothing to be done" in said:
            self._said = ["nothing to be done: every result is there, as planned"]
        elif not self.total and not said.startswith(_USUAL):
            self._said.append(said)

    def end(self) -> None:
        """After the last record."""
        if not self.total and self._said:  # of a command that runs nothing, such as --list-rules
            self._print(Text("\n".join(self._said)))
            self._said.clear()
        if self._live is not None:
            self._live.stop()
            self._live = None
            took = clock(time.monotonic() - self._began_s)
            self.console.print(f"{self.done} of {self.total} steps done in {took}", highlight=False)

    def _run_info(self, facts: dict[str, Any]) -> None:
        self.total = facts["stats"].get("total", 0)
        if self.total and self._live is None:
            self._live = Live(
                console=self.console, get_renderable=self.drawn, refresh_per_second=RATE, transient=True
            )
            self._live.start()

    def _progress(self, facts: dict[str, Any]) -> None:
        self.done, self.total = facts["done"], facts["total"]

    def _job_info(self, facts: dict[str, Any]) -> None:
        """Its message is ``<rule> <path> (<why>)``; targets, that run nothing, have none."""
        words = str(facts.get("rule_msg") or "").split(maxsplit=2)
        if len(words) > 1 and any(steps_below(words[1])):
            self.running[facts["jobid"]] = Running(facts["rule_name"], words[1])

    def _job_finished(self, facts: dict[str, Any]) -> None:
        job = self.running.pop(facts["job_id"], None)
        if job is not None:
            self._print(self._line("done", "green", job))

    def _job_error(self, facts: dict[str, Any]) -> None:
        job = self.running.pop(facts["jobid"], None)
        if job is None:
            return
        if interrupts.noted():
            self._print(self._line("stopped", "yellow", job))
            return
        self._print(self._line("failed", "red", job))
        error = last_error(job.log) or "it ended without a word (killed, or out of memory?)"
        self._print(Text.assemble((error, "red"), f" (log: {job.log})"))

    def _line(self, what: str, style: str, job: Running) -> Text:
        """One line about a job that ended: it scrolls by."""
        line = _fitted(f"{what} {job.stage} {job.about}", job.took, self.console.width - MARGIN)
        line.stylize(style, 0, len(what))
        return line

    def _print(self, text: Text) -> None:
        """Above the picture, where there is one."""
        self.console.print(text, soft_wrap=True, highlight=False)

    def drawn(self) -> Group:
        """The picture as it is now."""
        head = Table.grid(padding=(0, 1), expand=True)
        head.add_column(no_wrap=True)
        head.add_column(ratio=1)
        head.add_column(no_wrap=True, justify="right")
        bar = ProgressBar(total=max(self.total, 1), completed=self.done)
        took = clock(time.monotonic() - self._began_s)
        head.add_row(f"{self.done} of {self.total} steps", bar, took)
        return Group(head, *self._jobs())

    def _jobs(self) -> Iterator[Text]:
        jobs = list(self.running.values())
        width = self.console.width - MARGIN
        for job in jobs[:SHOWN]:
            said = last_line(job.log)
            if width >= WIDE:
                first = f"  {job.stage} {job.about}"
                yield _fitted(f"{first:{width // 2}} {said}", job.took, width)
            else:
                yield _fitted(f"  {job.stage} {job.about}", job.took, width)
                if said:
                    yield _fitted(f"    {said}", "", width)
        if len(jobs) > SHOWN:
            yield Text(f"  and {len(jobs) - SHOWN} more")


def _fitted(left: str, right: str, width: int) -> Text:
    """One line: ``left`` cut to what ``right`` leaves of it."""
    room = width - len(right) - 2
    cut = left if len(left) <= room else left[: room - 3] + "..."
    return Text(f"{cut:{room}} {right}".rstrip(), no_wrap=True)


def about(path: str) -> str:
    """What the result of a path is about: the model, its system and seed; or the path within the results."""
    for inner, names in steps_below(path):
        if "model" in names:
            return f"{names['model']} of {names['system']}, seed {names['seed']}, on {names['dataset']}"
        return inner.removesuffix("/")
    return path


def steps_below(path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The path within the results, wherever these lie, and the names in it."""
    parts = Path(path).parts
    for begin in range(len(parts)):
        inner = "/".join(parts[begin:])
        for _, _, names in steps_of(inner):
            yield inner, names


def clock(seconds: float) -> str:
    """Seconds as 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def last_line(log: Path) -> str:
    """What a job said last; nothing where it has not begun."""
    return next(reversed(_lines(log)), "")


def last_error(log: Path) -> str:
    """The error that a job ended with, as its log has it."""
    return next((line for line in reversed(_lines(log)) if line.startswith("error: ")), "")


def _lines(log: Path) -> list[str]:
    """The last lines of a log, without the time of day."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in text.splitlines() if line.strip()]
