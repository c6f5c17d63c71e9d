"""A run that is killed at random moments, and started again each time, ends with the bytes of an undisturbed
one.
"""

from __future__ import annotations

import subprocess

import killing
import pytest

pytestmark = pytest.mark.slow

COMMAND = (
    "snakemake",
    "--quiet",
    "host",
    "--cores",
    "2",
    "lm_avt_micro",
    "--config",
    "dataset=kitchen_micro",
)


def test_killed_ten_times_gives_the_same_bytes(fresh, finished, tmp_path):
    """Nine times the whole process group dies, once the driver alone: its jobs go on while the next driver
    starts.
    """
    with open(tmp_path / "log", "w") as log:
        kills = killing.killed(COMMAND, fresh.folder, fresh.environment, (4, 14), log)
    assert kills > killing.DRIVER_ALONE, (
        "the run ended before the driver alone was killed: the moments are too late"
    )
    assert killing.made(fresh.folder) == killing.made(finished.folder)
    assert not killing.half_written(fresh.folder)


def test_two_drivers_at_once_write_each_output_once(fresh, finished, tmp_path):
    """Two drivers race for the same outputs: every stage waits for the other's lock and takes over its
    result.
    """
    target = ("results/kitchen_micro/samples/anticipation.parquet",)
    with open(tmp_path / "log", "w") as log:
        command = (*COMMAND[:5], *target, *COMMAND[6:])
        both = [
            subprocess.Popen(command, cwd=fresh.folder, env=fresh.environment, stdout=log, stderr=log)
            for _ in range(2)
        ]
        codes = [process.wait() for process in both]
    assert codes == [0, 0], (tmp_path / "log").read_text()[-5000:]
    made, known = (checkout.folder / target[0] for checkout in (fresh, finished))
    assert made.read_bytes() == known.read_bytes()
