"""One step in several processes, on the command line: its lock, and how it ends when it is killed, told to
end, or interrupted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from preset_run import PresetRun

from foretaste.pipeline.store import entry_of

pytestmark = pytest.mark.slow

LOOP = {
    "kind": "loop",
    "batch": 8,
    "checkpoint_steps": 10,
    "optimizer": {"kind": "adamw", "lr": 0.003},
}


def student(steps: int) -> dict:
    return {
        "role": "student",
        "label": "A student",
        "backbone": "narrow",
        "view": {"kind": "features", "frames": 4, "rate": 1.0},
        "network": {"kind": "avt", "width": 16, "layers": 1, "heads": 2, "dropout": 0.3, "positions": 8},
        "objective": [{"loss": {"kind": "cross_entropy"}, "of": "action"}],
        "training": {**LOOP, "steps": steps},
    }


MODELS = {"short": student(300), "long": student(10**6)}
MODELS["watched"] = {**MODELS["long"], "training": {**MODELS["long"]["training"], "workers": 1}}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> PresetRun:
    run = PresetRun(tmp_path_factory.mktemp("run"), MODELS)
    run.tables()
    return run


@pytest.fixture
def start(run) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts the training of a model; what is left of it is ended afterwards."""
    started = []

    def begin(model: str, processes: int) -> subprocess.Popen:
        step = run.job("train", model, **({"processes": {model: processes}} if processes > 1 else {}))
        command = [sys.executable, "-m", "foretaste", "train", "--step", str(step)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "FORETASTE_PLAIN": "1"}
        job = subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(job)
        return job

    yield begin
    for job in started:
        with job:
            job.kill()


def until(happened: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def steps_taken(run: PresetRun) -> int:
    """By the one training that is going on."""
    logs = list((run.results / ".scratch").glob("train-*/work/whole/log.jsonl"))
    return sum(len(log.read_text().splitlines()) for log in logs)


def of(job: subprocess.Popen) -> list[psutil.Process]:
    """The processes that the job started, and those that these did."""
    return psutil.Process(job.pid).children(recursive=True)


def test_a_second_launch_waits_and_takes_over_what_the_first_made(run, start):
    first = start("short", 2)
    until(lambda: steps_taken(run) > 0)
    second = start("short", 2)
    said = [job.communicate(timeout=300)[1] for job in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert "training steps: 300" in said[0] and "training steps" not in said[1]
    waiting, taken = said[1].splitlines()
    assert waiting.endswith("waiting for it") and taken.endswith("nothing to do")
    assert entry_of(run.of("short") / "checkpoint") is not None
    assert not list((run.results / ".scratch").iterdir())


def test_no_rank_outlives_its_launcher(run, start):
    """Not even one that sits in a collective, for another is stopped."""
    job = start("watched", 2)
    until(lambda: steps_taken(run) > 20)
    everyone = of(job)
    ranks = [one for one in everyone if "--step" in one.cmdline()]
    assert len(ranks) == 2 and len(everyone) > 4, "ranks, and the workers of each"
    ranks[1].suspend()
    time.sleep(0.5)
    job.kill()
    _, alive = psutil.wait_procs(everyone, timeout=10)
    assert not alive, [one.cmdline() for one in alive]
    again = start("watched", 2)
    before = steps_taken(run)
    until(lambda: steps_taken(run) > before)
    again.send_signal(signal.SIGTERM)
    assert "told to end" in again.communicate(timeout=60)[1]
    assert again.returncode == 143


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("moment", ["early", "training"])
def test_an_interrupt_is_one_line(run, start, processes, moment):
    """As Ctrl-C sends it: to everyone in the group."""
    before = steps_taken(run)
    # Whoever runs the tests in the background has them ignore interrupts, and so would what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    job = start("watched", processes)
    if moment == "early":
        until(lambda: len(of(job)) >= (processes if processes > 1 else 0))
        time.sleep(1.5)
    else:
        until(lambda: steps_taken(run) > before)
    everyone = of(job)
    os.killpg(job.pid, signal.SIGINT)
    said = job.communicate(timeout=20)[1]
    assert job.returncode == 130, said
    assert said.splitlines()[-1] == "interrupted" and said.count("interrupted") == 1
    assert "Traceback" not in said and "Error" not in said
    assert not psutil.wait_procs(everyone, timeout=10)[1]


def test_another_launcher_is_refused(run):
    step = run.job("train", "short")
    command = [sys.executable, "-m", "foretaste", "train", "--step", str(step)]
    environment = {**os.environ, "RANK": "0", "WORLD_SIZE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.startswith("error: started by another launcher: ")
    assert len(done.stderr.splitlines()) == 1
