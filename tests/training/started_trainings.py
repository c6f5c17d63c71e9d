"""Tiny trainings in processes of their own, and what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from launching import torchrun

SCRIPT = Path(__file__).with_name("tiny_training.py")

HARD = {"dropout": 0.3, "precision": "fp32", "buckets": True, "epochs": 3}


def assert_equal(a: dict, b: dict, tolerance: float = 0.0) -> None:
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(
            a[name], b[name], rtol=0, atol=tolerance, msg=lambda text, name=name: f"{name}: {text}"
        )


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def run(out: Path, arguments: dict, processes: int = 1, check: bool = True) -> subprocess.CompletedProcess:
    """The script of tiny trainings in processes of its own."""
    return launch(
        [str(SCRIPT), str(out), json.dumps({**arguments, "processes": processes})], out, processes, check
    )


def launch(script: list[str], out: Path, processes: int, check: bool = True) -> subprocess.CompletedProcess:
    """A script that writes to ``out`` in processes of its own, by torchrun where there are several."""
    out.mkdir(exist_ok=True)
    command = [sys.executable, *torchrun(processes), *script]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "FORETASTE_PLAIN": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)  # the scripts use the tests' own modules
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done
