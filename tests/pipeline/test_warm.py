"""A job that is forked ends as it would by itself: the same output, code and kill; and where nobody may fork
it, it runs by itself.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.pipeline import warm

SRC = Path(warm.__file__).parents[2]

#: Runs the command line that follows as a job's process does, and says on stderr where it had to run here.
JOB = """
import sys
from foretaste.pipeline import warm
ended = warm.run_forked(sys.argv[1:])
print("alone" if ended is None else "forked", file=sys.stderr)
sys.exit(ended or 0)
"""


class Warm:
    """A process that forks, of a copy of the package, and the jobs that ask it."""

    def __init__(self, folder: Path):
        self.source = Path(shutil.copytree(SRC / "foretaste", folder / "src" / "foretaste")).parent
        self.folder = folder / "own"
        self.folder.mkdir()
        self.environment = os.environ | {"PYTHONPATH": str(self.source), warm.SOCKET: f"{self.folder}/socket"}
        command = [sys.executable, "-m", "foretaste.forks", str(self.folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, env=self.environment)
        until(lambda: (self.folder / "socket").exists())

    def job(self, *arguments: str, **how: object) -> subprocess.Popen:
        command = [sys.executable, "-c", JOB, *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=self.environment, text=True, **{**pipes, **how})


def until(true, longest_s: float = 120) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < longest_s
        time.sleep(0.02)


def forks_of(process: subprocess.Popen) -> list[int]:
    return [
        int(word) for word in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]


def handles(job: subprocess.Popen, number: int) -> bool:
    """Whether a process has a handler for a signal."""
    lines = Path(f"/proc/{job.pid}/status").read_text().splitlines()
    (caught,) = [line.split()[1] for line in lines if line.startswith("SigCgt")]
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Warm]:
    started = Warm(tmp_path_factory.mktemp("warm"))
    yield started
    started.process.stdin.close()
    started.process.wait()


def test_output_errors_and_codes_are_those_of_the_command(server, tmp_path):
    with server.job("openie", "-") as job:
        said, _ = job.communicate("Chop the onions.\n")
    assert json.loads(said)["extractions"][0]["object_head"] == "onion" and job.returncode == 0
    cases = (["--version"], ["nothing_of_the_kind"], ["openie", str(tmp_path / "absent")], ["scores", "show"])
    for arguments in cases:
        alone = subprocess.run(
            [sys.executable, "-m", "foretaste", *arguments], capture_output=True, text=True, cwd=tmp_path
        )
        with server.job(*arguments, cwd=tmp_path) as forked:
            out, err = forked.communicate()
        assert (forked.returncode, out) == (alone.returncode, alone.stdout)
        assert err == alone.stderr + "forked\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_reaches_the_fork_and_its_end_the_job(server, number):
    with server.job("openie", "-") as job:
        until(lambda: handles(job, number))
        (fork,) = forks_of(server.process)
        job.send_signal(number)
        assert job.wait() == 128 + number and not Path(f"/proc/{fork}").exists()


def test_who_is_killed_takes_the_fork_along(server):
    with server.job("openie", "-") as job:
        until(lambda: forks_of(server.process))
        job.kill()
        until(lambda: not forks_of(server.process), longest_s=10)


def test_edited_sources_are_run_by_the_job_itself(server):
    path = server.source / "foretaste/stages/average.py"
    text = path.read_text()
    path.write_text(text + "# edited\n")
    assert "alone" in server.job("--version").communicate()[1]
    path.unlink()
    assert "alone" in server.job("--version").communicate()[1]
    path.write_text(text)


def test_it_ends_with_its_driver_and_a_fork_does_not(tmp_path):
    own = Warm(tmp_path)
    with own.job("openie", "-") as job:
        until(lambda: forks_of(own.process))
        (fork,) = forks_of(own.process)
        own.process.stdin.close()
        assert own.process.wait(timeout=10) == 0 and not own.folder.exists()
        assert Path(f"/proc/{fork}").exists()
        out, err = job.communicate("Chop the onions.\n")
        assert '"onion"' in out and job.returncode == 1
        assert f"error: nobody says how it ended: process {fork}," in err
    assert "alone" in own.job("--version").communicate()[1]
