"""The script that times a GPU runs, in small, on a machine without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "gpu.py"


@pytest.mark.slow
def test_every_training_is_timed_in_every_precision(tmp_path):
    command = [sys.executable, str(SCRIPT), "--tiny", "--steps", "2", "--out", str(tmp_path / "gpu.json")]
    subprocess.run(
        command, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}, check=True, capture_output=True, timeout=300
    )
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["device"] == "cpu" and found["torch"] and found["transformers"]
    for name in ("student", "text_teacher", "masked_lm"):
        assert set(found[name]) == {
            f"{precision}_{kernels}"
            for precision in ("fp32", "tf32", "bf16")
            for kernels in ("fused", "unfused")
        }
        assert all(
            figures["step_ms"] > 0 and figures["samples_per_s"] > 0 for figures in found[name].values()
        )
