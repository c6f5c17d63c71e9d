"""A training that the configuration spreads over processes, through Snakemake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import MICRO, Checkout
from safetensors.torch import load_file

pytestmark = pytest.mark.slow

STUDENT = Path("results/kitchen_micro/lm_avt_micro/seed0/student_baseline")


def test_two_processes_train_and_stand_in_the_record(finished: Checkout):
    alone = load_file(finished.folder / STUDENT / "checkpoint" / "model.safetensors")
    two = (*MICRO, "processes={student_baseline: 2}")
    target = str(STUDENT / "metrics.json")
    assert finished.planned(target, *two) == {
        f"{rule} student_baseline" for rule in ("train", "score", "evaluate")
    }
    finished.snakemake(target, *two)
    record = json.loads((finished.folder / STUDENT / "checkpoint.provenance.json").read_text())["record"]
    assert record["processes"] == 2
    # Each process draws its own dropout, so a training that only one of them did would end in the same bytes.
    together = load_file(finished.folder / STUDENT / "checkpoint" / "model.safetensors")
    assert together.keys() == alone.keys()
    assert any((together[name] != tensor).any() for name, tensor in alone.items())
    assert finished.planned(target, *MICRO) == set(), "what one process made is still there"
    finished.snakemake(target, *MICRO)
    again = load_file(finished.folder / STUDENT / "checkpoint" / "model.safetensors")
    assert all((again[name] == tensor).all() for name, tensor in alone.items())
