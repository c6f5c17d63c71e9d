"""The system `future` on the micro world: two streams and both together, from rendering to the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from said_by_predict import check_as_cached

pytestmark = pytest.mark.slow

ARMS = (
    "teacher_future", "teacher_future_early", "student_baseline", "student_smoothed", "student_direct",
    "student_one_way", "student_two_way", "student_two_way_unlabelled",
)  # fmt: skip


def test_every_arm_in_two_streams_and_both_together_reaches_the_report(own):
    own.snakemake("future_micro", "--config", "dataset=kitchen_micro", "systems=future_micro")
    check(own.folder / "results")


def check(results: Path) -> None:
    """What a finished run holds."""
    folder = results / "kitchen_micro" / "future_micro"
    said = {}
    for model in (f"{arm}{stream}" for arm in ARMS for stream in ("", "_flow", "_both")):
        said[model] = json.loads((folder / "seed0" / model / "metrics.json").read_text())["protocol"]
    sees_the_action = {model for model, protocol in said.items() if protocol["window"] == "target"}
    assert sees_the_action == {"teacher_future", "teacher_future_flow", "teacher_future_both"}
    # Averages are not trained; the network that is asked about the past is the one that knows actions.
    assert len(list((results / ".store" / "train").iterdir())) == 2 * (len(ARMS) - 1)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["arms"]["student_two_way_both"]["role"] == "student"
    page = (folder / "report.html").read_text()
    attention = page[page.index("<h2>Attention") :]
    assert attention.count('alt="own clip"') == attention.count('alt="clip of the action"') == 4 * 2
    assert "The teacher read:" not in page
    # Of a new video frames are kept, and flow is computed, as the run did.
    for model in ("student_two_way", "student_two_way_flow"):
        samples = results / "kitchen_micro/samples/anticipation.parquet"
        assert check_as_cached(folder / "seed0" / model, samples, results / "kitchen_micro/world/videos") == 4
