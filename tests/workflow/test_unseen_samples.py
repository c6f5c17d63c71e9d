"""Students on data whose first segments start before tau_a, and on features with holes: listed, or dropped
for all models alike.
"""

from __future__ import annotations

import json
import re

import pyarrow.parquet as pq
import pytest
from conftest import GIVEN
from tiny_epic55 import VIDEOS, write_given, write_labels

pytestmark = pytest.mark.slow

SMALL = "systems=lm_avt_small"
BASELINE = "results/{dataset}/lm_avt_small/seed0/student_baseline/metrics.json"
COUNTS = "results/{dataset}/lm_avt/seed0/teacher_counts/metrics.json"


def dropped(checkout, dataset):
    rows = pq.read_table(checkout.folder / "results" / dataset / "samples/anticipation.parquet").to_pylist()
    return {row["sample_id"]: row["dropped_because"] for row in rows if row["dropped_because"]}


def samples_of(checkout, path):
    return json.loads((checkout.folder / path).read_text())["samples"]


@pytest.mark.parametrize("dataset", ["epic55", "epic100"])
def test_students_of_real_layouts_train_where_segments_start_before_tau_a(fresh, tmp_path, dataset):
    """EPIC-55's labels stand for EPIC-100's as well: the one differs from the other by its features, its
    length and its reader.
    """
    write_labels(tmp_path)
    place = {"epic55": "features/ircsn152", "epic100": "features/ircsn152_ek100"}[dataset]
    write_given(tmp_path / place / "0.h5")
    if dataset == "epic100":
        path = fresh.folder / "workflow/datasets/epic100.yaml"
        path.write_text(
            re.sub(
                r"reader: .*",
                "reader: {kind: epic55, official: epic55, rulstm: rulstm/ek55}",
                path.read_text(),
            )
        )
    targets = [path.format(dataset=dataset) for path in (BASELINE, COUNTS)]
    fresh.snakemake(*targets, "--config", f"dataset={dataset}", SMALL, f"data_root={tmp_path}")
    assert dropped(fresh, dataset) == dict.fromkeys(("0", "10", "20", "30"), "window stops before 0.03333 s")
    assert [samples_of(fresh, target) for target in targets] == [
        18,
        18,
    ], "the teacher beside students is measured on their samples"


def test_every_student_trains_without_a_video_whose_features_are_not_there(fresh, tmp_path):
    write_labels(tmp_path)
    write_given(
        tmp_path / "features/ircsn152/0.h5", [name for name in VIDEOS if name != "P01_02"], nan="P02_01"
    )
    config = ("--config", "dataset=epic55", SMALL, f"data_root={tmp_path}")
    failed = fresh.snakemake(BASELINE.format(dataset="epic55"), *config, check=False)
    errors = [line for line in failed.stdout.splitlines() if line.startswith("error: ")]
    assert failed.returncode == 1 and len(errors) == 1 and "Traceback" not in failed.stdout
    assert (
        "11 (P01_02): no features of its video; 12 (P01_02)" in errors[0]
        and "(P02_01): window shows features" in errors[0]
    )
    fresh.snakemake(BASELINE.format(dataset="epic55"), *config, "on_bad_input=skip")
    reasons = dropped(fresh, "epic55")
    assert {number for number, reason in reasons.items() if reason == "no features of its video"} == {
        str(n) for n in range(11, 20)
    }
    assert samples_of(fresh, BASELINE.format(dataset="epic55")) == 20 - len(
        [n for n in reasons if int(n) >= 20]
    )


def test_a_run_of_text_alone_keeps_every_segment(fresh, tmp_path):
    write_labels(tmp_path)
    fresh.snakemake(COUNTS.format(dataset="epic55"), "--config", "dataset=epic55", f"data_root={tmp_path}")
    assert dropped(fresh, "epic55") == {} and samples_of(fresh, COUNTS.format(dataset="epic55")) == 20


def test_students_of_a_generated_kitchen(world):
    """Its first training segment is made to start at half a second."""
    path = world.folder / "data/world/annotations/EPIC_train_action_labels.csv"
    head, first, *rest = path.read_text().splitlines()
    first = re.sub(r"\d\d:\d\d:\d\d\.\d+", "00:00:00.50", first, count=1)
    path.write_text("\n".join([head, first, *rest]) + "\n")
    target = "results/kitchen_given/lm_avt_micro/seed0/student_baseline/metrics.json"
    failed = world.snakemake(target, "--config", *GIVEN, check=False)
    errors = [line for line in failed.stdout.splitlines() if line.startswith("error: ")]
    assert (
        failed.returncode == 1
        and len(errors) == 1
        and "1 sample that a model of this run cannot see" in errors[0]
    )
    world.snakemake(target, "--config", *GIVEN, "on_bad_input=skip")
    (reason,) = dropped(world, "kitchen_given").values()
    assert reason == "window ends before the first frame"
