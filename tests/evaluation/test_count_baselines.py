"""Readers, histories, counts and metrics together reproduce what an independent program found on the real
labels.
"""

import runpy
from pathlib import Path

import pytest

BENCH = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "counts.py"))


@pytest.mark.parametrize("dataset", ["epic55", "egtea"])
@pytest.mark.slow
def test_counts_on_the_real_labels(shared_data, dataset):
    lines = list(BENCH["lines"](dataset, shared_data, every=2))
    assert len(lines) >= 4
    for line in lines:
        # To the reference's printed digit, but for ties.
        assert {name: line["metrics"][name] for name in line["reference"]} == pytest.approx(
            line["reference"], abs=0.08
        ), line
    assert all((line["metrics"]["many_shot_recall5_or"] is None) == (dataset == "egtea") for line in lines)
