"""One training in two processes, by the command line: as if one had trained it; both fail in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from jobs import raw_job, record_of
from tiny_stages import STUDENT, make_data, run, steps

from foretaste.pipeline.step import Step
from foretaste.scores.verify import verify
from foretaste.stages import score


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.mark.slow
def test_two_processes_train_like_one(data, tmp_path):
    """By the command line, as the workflow starts it."""
    model = {
        **STUDENT,
        "objective": STUDENT["objective"][:2],
        "network": {**STUDENT["network"], "dropout": 0.0, "inner_dropout": 0.0},
    }
    one = run(data, tmp_path / "one", model)
    first, second = steps(data, tmp_path / "two", model)
    by_command_line(first, tmp_path, processes=2)
    assert not list((tmp_path / ".scratch").iterdir())
    assert (tmp_path / "two" / "checkpoint.provenance.json").exists()
    assert len((tmp_path / "two" / "log.jsonl").read_text().splitlines()) == 9 + 3
    score.run(second)
    for split in ("training", "validation"):
        found = [verify(out / "scores").logits(split, "action") for out in (one, tmp_path / "two")]
        np.testing.assert_allclose(*found, atol=5e-3)


@pytest.mark.slow
def test_processes_that_fail_of_one_cause_say_so_once(data, tmp_path):
    first, _ = steps(data, tmp_path / "two", STUDENT)
    damaged = tmp_path / "samples.parquet"
    damaged.write_bytes(b"PAR1")
    first.inputs["samples"] = damaged
    done = by_command_line(first, tmp_path, processes=2, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    line = done.stderr.strip()
    assert line.startswith("error: ") and str(damaged) in line
    assert (tmp_path / "log").read_text().splitlines()[-1].endswith(line)


def by_command_line(step: Step, results: Path, processes: int, check: bool = True) -> CompletedProcess:
    record = record_of(step.stage, step.config, step.inputs, results, processes)
    file = raw_job(results, record, step.inputs, step.outputs)
    command = ["-m", "foretaste", step.stage, "--step", str(file), "--log", str(results / "log")]
    done = subprocess.run(
        [sys.executable, *command], timeout=120, check=False, capture_output=True, text=True
    )
    assert not check or done.returncode == 0, done.stderr
    return done
