"""On real labels intervals hold the truth about as often as they say; the whole measurement is
bench/intervals.py.
"""

import runpy
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow
BENCH = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "intervals.py"))


@pytest.fixture(scope="module")
def populations(shared_data):
    labelled = BENCH["read"](shared_data)
    everything = np.ones(len(labelled.labels), dtype=bool)
    return {(what, metric): people for what, metric, people in BENCH["populations"](labelled, everything)}


@pytest.mark.parametrize("what", ["one model", "difference"])
@pytest.mark.parametrize("metric", ["class_mean_recall5", "top5"])
def test_intervals_cover_on_the_real_labels(populations, what, metric):
    people = populations[what, metric]
    true = BENCH["truth"](people, 40, draws=1500)
    drawn = np.random.default_rng(11).integers(0, len(people.rows), (150, 40))
    held, _ = BENCH["covered"]([BENCH["ours"](people, one) for one in drawn], true)
    assert 91 <= held <= 99.5, held
    if metric != "top5":
        rng = np.random.default_rng(12)
        narrow, _ = BENCH["covered"]([BENCH["percentile"](people, one, rng) for one in drawn[:40]], true)
        assert narrow < held - 2, "classes that occur in one video were left to stand"
