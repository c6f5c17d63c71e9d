"""The bench of students runs the documented command on labels of EPIC-55's layout, and says that its features
are generated.
"""

from __future__ import annotations

import json

import pytest
from tiny_epic55 import write_labels

pytestmark = pytest.mark.slow


def test_students_are_trained_on_generated_features(fresh, tmp_path):
    write_labels(tmp_path / "data")
    out = tmp_path / "students.json"
    command = (
        "python",
        "bench/students.py",
        "--data",
        str(tmp_path / "data"),
        "--work",
        str(tmp_path / "work"),
        "--width",
        "8",
    )
    done = fresh.run(*command, "--out", str(out))
    assert "GENERATED features, D 8" in done.stdout
    found = json.loads(out.read_text())
    assert {
        "training_samples": 18,
        "training_dropped": 2,
        "validation_samples": 18,
        "validation_dropped": 2,
    }.items() <= found.items()
    assert found["features"] == "generated, D 8" and found["student_baseline"]["steps"] == 10
