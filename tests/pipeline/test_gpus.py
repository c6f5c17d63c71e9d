"""Jobs of one machine never share a GPU; one that is killed gives its own back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from foretaste.pipeline import gpus

#: Takes GPUs, says which, and holds them until it is told to go on.
JOB = """
import os, sys
from foretaste.pipeline import gpus
with gpus.own(int(sys.argv[1])):
    print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    sys.stdin.readline()
"""


class Job:
    def __init__(self, count: int, folder, visible: str = "4,5,6", **more: str):
        self.process = subprocess.Popen(
            [sys.executable, "-c", JOB, str(count)],
            env={**os.environ, "CUDA_VISIBLE_DEVICES": visible, "TMPDIR": str(folder), **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def has(self) -> str:
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate("go\n")


def test_jobs_get_different_ones_and_wait_for_what_is_not_free(tmp_path):
    first, second = Job(1, tmp_path), Job(1, tmp_path)
    assert {first.has(), second.has()} < {"4", "5", "6"}
    several = Job(2, tmp_path)
    assert "waiting for 1 of 3" in several.process.stderr.readline()
    first.process.kill()
    assert len(several.has().split(",")) == 2
    for job in (first, second, several):
        job.end()


def test_what_a_scheduler_gave_is_a_job_s_own(tmp_path):
    both = [Job(1, tmp_path, visible="0", SLURM_JOB_ID=number) for number in ("1", "2")]
    assert [job.has() for job in both] == ["0", "0"], "numbers within a job's own cgroup"
    for job in both:
        job.end()


@pytest.mark.parametrize(("count", "visible"), [(0, "0,1"), (2, "0,1"), (3, "0,1"), (1, "")])
def test_nothing_is_changed_where_nothing_is_to_be_chosen(monkeypatch, count, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with gpus.own(count):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == visible
