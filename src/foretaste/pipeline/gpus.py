"""The GPUs of one machine, shared out among the jobs that compute on it: none is given to two at once."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from foretaste.pipeline import console, slurm_job

VISIBLE = "CUDA_VISIBLE_DEVICES"
#: Seconds between two looks for a free one.
LOOK_S = 0.5


def seen() -> list[str]:
    """What CUDA calls those that this process may use: those that a scheduler gave it, or all."""
    if (given := os.environ.get(VISIBLE)) is not None:
        return [one for one in given.split(",") if one]
    return [str(number) for number, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]


@contextmanager
def own(count: int) -> Iterator[None]:
    """Hold so many GPUs that no other job of this user holds, and show CUDA these alone; waits until there
    are as many. Where there are no more than that, they are all this job's: a scheduler gave it those.
    """
    devices = seen()
    if count == 0 or len(devices) <= count:
        yield
        return
    folder = _folder()
    with ExitStack() as held:
        # Who waits holds the queue, so that jobs with many GPUs are not overtaken for ever.
        with open(folder / "queue", "w", encoding="utf-8") as queue:
            fcntl.flock(queue, fcntl.LOCK_EX)
            taken = _take(count, devices, folder, held)
        before = os.environ.get(VISIBLE)
        os.environ[VISIBLE] = ",".join(taken)
        try:
            yield
        finally:
            if before is None:
                del os.environ[VISIBLE]
            else:
                os.environ[VISIBLE] = before


def _take(count: int, devices: list[str], folder: Path, held: ExitStack) -> list[str]:
    taken: list[str] = []
    waited = False
    while True:
        for device in devices:
            if device not in taken and len(taken) < count and (file := _locked(folder / device)) is not None:
                held.enter_context(file)
                taken.append(device)
        if len(taken) == count:
            return taken
        if not waited:
            console.say(f"other jobs hold the GPUs; waiting for {count - len(taken)} of {len(devices)}")
            waited = True
        time.sleep(LOOK_S)


def _locked(path: Path) -> TextIO | None:
    """A file whose lock is ours until it is closed, or we die; None where another holds it."""
    file = open(path, "w", encoding="utf-8")  # noqa: SIM115 (it stays open)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _folder() -> Path:
    """Of this user on this machine; jobs of Slurm may call different GPUs by the same number."""
    job = slurm_job.number()
    folder = Path(tempfile.gettempdir()) / f"foretaste-gpus-{os.getuid()}{f'-{job}' if job else ''}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
