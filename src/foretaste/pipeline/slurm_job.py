"""The Slurm job that this process runs in: its nodes, and how it goes back into the queue."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time

from foretaste.contracts.errors import DataError
from foretaste.pipeline import console
from foretaste.pipeline.interruption import SIGNALS

#: Whoever is told to end with less than so many seconds left was told so because time is nearly over.
NEAR_S = 600
#: Seconds that Slurm may take to end a job that it puts back.
LEAVE_S = 60


def number() -> str | None:
    """Its number; None outside of Slurm."""
    return os.environ.get("SLURM_JOB_ID")


def hosts(job: str) -> list[tuple[str, str]]:
    """(name, address) of the job's nodes."""
    names = _ask("scontrol", "show", "hostnames", _ask("squeue", "-h", "-j", job, "-o", "%N").strip())
    found = []
    for name in names.split():
        address = re.search(r"NodeAddr=(\S+)", _ask("scontrol", "show", "node", "-o", name))
        found.append((name, address[1] if address else name))
    return found


def put_back() -> None:
    """Of a step that was told to end: its job goes back into the queue, where it was told so to make room.
    Who cancelled the job does not want that, and a job whose time is over has had its try: its driver submits
    the next one.
    """
    if (job := number()) is None:
        return
    state, left = _ask("squeue", "-h", "-j", job, "-o", "%T %L").split()
    if state != "RUNNING":
        console.say(f"Slurm job {job} is {state.lower()}: it stays as it is")
    elif seconds(left) < NEAR_S:
        console.say(f"Slurm job {job} has {left} left: this was one try")
    else:
        console.say(f"Slurm job {job} makes room and goes back into the queue")
        # Slurm ends what it puts back. If this process went sooner, the job would be seen as one that failed.
        for told in SIGNALS:
            signal.signal(told, signal.SIG_IGN)
        _ask("scontrol", "requeue", job)
        time.sleep(LEAVE_S)


def seconds(left: str) -> float:
    """Of a time as squeue writes it: ``days-hours:minutes:seconds``, or less of it; UNLIMITED is endless."""
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", left)
    if found is None:
        return 0.0 if left == "INVALID" else float("inf")
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return 86400 * days + 3600 * hours + 60 * minutes + rest


def _ask(*command: str) -> str:
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode:
        raise DataError(
            f"exit code {done.returncode}: {done.stderr.strip()}",
            " ".join(command),
            "an answer of Slurm",
            "see whether it works by hand on this node",
        )
    return done.stdout
