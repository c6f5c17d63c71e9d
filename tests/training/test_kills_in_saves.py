"""A training that dies at any instant of any write of a checkpoint goes on to the same bytes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def kill(folder: Path, *arguments: str, script: str = "killing_saves") -> str:
    """Run the script, which tries each instant in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name(f"{script}.py")), str(folder), *arguments]
    done = subprocess.run(
        command,
        env={**os.environ, "FORETASTE_PLAIN": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_some_instants(tmp_path):
    said = kill(tmp_path, "--optimizer", "sgd", "--every", "7", "--chains", "1")
    instants, kills = re.search(r"sgd: (\d+) instants, (\d+) kills", said).groups()
    assert int(instants) > 40 and int(kills) >= int(instants) // 7


@pytest.mark.slow
def test_every_instant(tmp_path):
    assert kill(tmp_path).count(", 0 ended otherwise") == 3


@pytest.mark.slow
def test_twenty_ends_from_outside(tmp_path):
    """At random moments, by SIGKILL and by SIGTERM, in fp16 with dropout."""
    said = kill(tmp_path, "--kills", "20", script="killing_at_random")
    assert said.splitlines()[-1] == "10 by SIGKILL, 10 by SIGTERM, same bytes: True"
