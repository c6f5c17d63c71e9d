"""Times as squeue writes them; outside of Slurm nothing is asked."""

from __future__ import annotations

import math

import pytest

from foretaste.pipeline import slurm_job


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        ("0:07", 7),
        ("12:30", 750),
        ("1:00:00", 3600),
        ("2-03:00:01", 183601),
        ("UNLIMITED", math.inf),
        ("INVALID", 0),
    ],
)
def test_time_that_is_left(left, seconds):
    assert slurm_job.seconds(left) == seconds


def test_outside_of_slurm_nothing_goes_back(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("PATH", "")
    slurm_job.put_back()
