"""A run that is killed at random moments, and started again each time, ends with the bytes of an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest

pytestmark = pytest.mark.slow

COMMAND = ("snakemake", "--quiet", "host", "--cores", "2", "lm_avt_micro", "--config", "dataset=kitchen_micro")


def start(checkout, log):
    return subprocess.Popen(COMMAND, cwd=checkout.folder, env=checkout.environment, stdout=log, stderr=log, start_new_session=True)


def metrics(checkout):
    files = sorted((checkout.folder / "results").rglob("metrics.json"))
    return {str(path.relative_to(checkout.folder)): path.read_bytes() for path in files}


def test_killed_ten_times_gives_the_same_bytes(fresh, finished, tmp_path):
    """Nine times the whole process group dies, once the driver alone: its jobs go on while the next driver starts."""
    moments = random.Random(5)
    with open(tmp_path / "log", "w") as log:
        for attempt in range(10):
            process = start(fresh, log)
            time.sleep(moments.uniform(4, 14))
            if process.poll() is not None:
                break
            if attempt == 4:
                os.kill(process.pid, signal.SIGKILL)
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert attempt >= 4, "the run ended before the driver alone was killed: the moments are too late"
        assert start(fresh, log).wait() == 0, (tmp_path / "log").read_text()[-5000:]
    assert metrics(fresh) == metrics(finished)
    half = [path for path in (fresh.folder / "results").rglob("*") if ".partial" in path.name]
    assert not half, f"half-written outputs are left: {half}"


def test_two_drivers_at_once_write_each_output_once(fresh, finished, tmp_path):
    """Two drivers race for the same outputs: every stage waits for the other's lock and takes over its result."""
    target = ("results/kitchen_micro/samples.parquet",)
    with open(tmp_path / "log", "w") as log:
        command = (*COMMAND[:5], *target, *COMMAND[6:])
        both = [subprocess.Popen(command, cwd=fresh.folder, env=fresh.environment, stdout=log, stderr=log) for _ in range(2)]
        codes = [process.wait() for process in both]
    assert 0 in codes, (tmp_path / "log").read_text()[-5000:]
    made, known = (checkout.folder / target[0] for checkout in (fresh, finished))
    assert made.read_bytes() == known.read_bytes()
