"""Checkouts of the workflow that submit to the tests' cluster, what runs there, and what Slurm says of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from slurm_cluster import call
from workflow_copy import copy_workflow

ROOT = Path(__file__).parents[2]
#: Where `make cluster-plugin` puts what Snakemake needs to submit.
PLUGIN = ROOT / ".slurm-plugin"
LOG = ROOT / "results" / "cluster.log"

MICRO = ("dataset=kitchen_micro",)


@dataclass
class Checkout:
    """A copy of the workflow, which runs the code of the repository."""

    folder: Path

    def environment(self) -> dict[str, str]:
        own = {
            "PYTHONPATH": f"{ROOT / 'src'}:{PLUGIN}",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HF_HUB_OFFLINE": "1",
            "OMP_WAIT_POLICY": "passive",
        }
        return {**os.environ, **own}

    def command(self, target: str, *settings: str, slurm: bool) -> list[str]:
        """On the cluster with the profile that users take, but for pauses that suit jobs of seconds."""
        short = ("--latency-wait", "10", "--slurm-init-seconds-before-status-checks", "4")
        how = ("--profile", "workflow/profiles/slurm", *short) if slurm else ("--cores", "2")
        return ["snakemake", target, *how, "--quiet", "host", "--config", *MICRO, *settings]

    def start(self, target: str, *settings: str, slurm: bool = True, more: Sequence[str] = ()) -> Driver:
        command = self.command(target, *settings, slurm=slurm)
        return Driver(self, [*command[:2], *more, *command[2:]])


class Driver:
    """A running Snakemake."""

    started: ClassVar[list[Driver]] = []

    def __init__(self, checkout: Checkout, command: list[str]):
        self.checkout, self.log = checkout, checkout.folder / f"driver-{time.monotonic_ns()}.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command,
                cwd=checkout.folder,
                env=checkout.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

        self.started.append(self)

    def kill(self) -> None:
        """Let it die at once, and what it started here (its jobs on the cluster go on)."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def end(self, code: int = 0, seconds: float = 600) -> str:
        """Wait until it has ended, with that exit code; what it said."""
        try:
            found = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            found = None
        assert found == code, f"{jobs()}\n{self.text()[-6000:]}"
        return self.text()

    def job(self, stage: str, state: str = "RUNNING", seconds: float = 300) -> str:
        """The newest job of a rule, once it is in that state."""
        return self._once(lambda: [one for one, rule, is_in in newest() if rule == stage and is_in == state],
                          f"{stage} {state}", seconds)  # fmt: skip

    def says(self, words: str, path: str, seconds: float = 300) -> str:
        """Wait until a step's log holds ``words``."""
        file = self.checkout.folder / "logs" / path

        def lines() -> list[str]:
            text = file.read_text(encoding="utf-8") if file.is_file() else ""
            return [line for line in text.splitlines() if words in line]

        return self._once(lines, f"{words!r} in {path}", seconds)

    def _once(self, look: Callable[[], list[str]], what: str, seconds: float) -> str:
        late = time.monotonic() + seconds
        while not (found := look()):
            ended = self.process.poll() is not None
            assert not ended and time.monotonic() < late, f"no {what}\n{jobs()}\n{self.text()[-6000:]}"
            time.sleep(0.3)
        return found[0]


def newest() -> list[tuple[str, str, str]]:
    """(job, rule or group, state) of every job that Slurm's controller remembers, the newest first."""
    rows = (call("squeue", "-h", "--states=all", "-o", "%i|%k|%T", check=False) or "").splitlines()
    found = [row.split("|") for row in rows]
    return sorted(
        ((one, _rule(comment), state) for one, comment, state in found), key=lambda row: -int(row[0])
    )


def _rule(comment: str) -> str:
    return comment.removeprefix("rule_").partition("_wildcards")[0]


def jobs(*of: str) -> str:
    """Jobs as sacct shows them, each attempt."""
    which = ("-j", ",".join(of)) if of else ("--starttime", "now-2hours")
    columns = "JobID%8,State%16,ExitCode,Elapsed,NNodes%6,NodeList%8,ReqMem%7,Comment%36"
    return call("sacct", "-X", "-D", *which, f"--format={columns}", check=False) or "sacct does not answer"


def say(title: str, text: str | None) -> None:
    """Into the log of what was seen."""
    LOG.parent.mkdir(exist_ok=True)
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(f"{title}\n{(text or '').rstrip()}\n\n")


def new_checkout(folder: Path) -> Checkout:
    copy_workflow(folder)
    (folder / "profiles").mkdir()
    (folder / "profiles" / "default").symlink_to("../workflow/profiles/local")
    shutil.copy(ROOT / "config.yaml", folder)
    return Checkout(folder)
