"""The GPUs of one machine, shared out among the jobs that compute on it: none is given to two at once."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from foretaste.pipeline import console, slurm_job

VISIBLE = "CUDA_VISIBLE_DEVICES"
#: Seconds between two looks for a free one.
LOOK_S = 0.5
#: Seconds between two looks at how busy they are.
SAMPLE_S = 10.0


def seen() -> list[str]:
    """What CUDA calls those that this process may use: those that a scheduler gave it, or all."""
    if (given := os.environ.get(VISIBLE)) is not None:
        return [one for one in given.split(",") if one]
    return [str(number) for number, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]


class Held:
    """So many GPUs while a step computes on them, and how busy they are, as nvidia-smi says."""

    def __init__(self, count: int, devices: list[str]):
        self._count, self._devices = count if devices else 0, devices
        self._began, self._samples = time.monotonic(), []
        self._over = threading.Event()

    @property
    def seconds(self) -> float:
        """Of all of them together."""
        return round(self._count * (time.monotonic() - self._began), 2)

    @property
    def utilisation(self) -> float | None:
        """Per cent, the mean of what was read; None where nothing was."""
        return round(sum(self._samples) / len(self._samples), 1) if self._samples else None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look from time to time, in a thread of its own."""
        if self._count == 0 or (program := shutil.which("nvidia-smi")) is None:
            yield
            return
        asked = [program, "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        asked.append(f"--id={','.join(self._devices)}")
        thread = threading.Thread(target=self._watch, args=[asked], daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self, asked: list[str]) -> None:
        while not self._over.wait(SAMPLE_S):
            said = subprocess.run(asked, text=True, capture_output=True).stdout.split()
            self._samples += [float(word) for word in said if word.isdigit()]


@contextmanager
def own(count: int) -> Iterator[Held]:
    """Hold so many GPUs that no other job of this user holds, and show CUDA these alone; waits until there
    are as many. Where there are no more than that, they are all this job's: a scheduler gave it those.
    """
    devices = seen()
    if count == 0 or len(devices) <= count:
        held = Held(count, devices)
        with held.watched():
            yield held
        return
    folder = _folder()
    with ExitStack() as locks:
        # Who waits holds the queue, so that jobs with many GPUs are not overtaken for ever.
        with open(folder / "queue", "w", encoding="utf-8") as queue:
            fcntl.flock(queue, fcntl.LOCK_EX)
            taken = _take(count, devices, folder, locks)
        before = os.environ.get(VISIBLE)
        os.environ[VISIBLE] = ",".join(taken)
        held = Held(count, taken)
        try:
            with held.watched():
                yield held
        finally:
            if before is None:
                del os.environ[VISIBLE]
            else:
                os.environ[VISIBLE] = before


def _take(count: int, devices: list[str], folder: Path, locks: ExitStack) -> list[str]:
    taken: list[str] = []
    waited = False
    while True:
        for device in devices:
            if device not in taken and len(taken) < count and (file := _locked(folder / device)) is not None:
                locks.enter_context(file)
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
