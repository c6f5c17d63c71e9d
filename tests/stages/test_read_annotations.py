from pathlib import Path

import pytest

from foretaste.contracts.classes import read_classes
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import ISSUES, SAMPLES, SEGMENTS, read_table
from foretaste.pipeline.step import Step
from foretaste.stages import make_samples, read_annotations

ROWS = (
    "1,P07-R01-PastaSalad,30,60,0,0,0\n2,P07-R01-PastaSalad,90,60,1,1,1\n3,P07-R01-PastaSalad,20,80,7,1,1\n"
)


def step(folder: Path, on_bad_input: str, evaluated: str = "validation") -> Step:
    (folder / "actions.csv").write_text("0, 0_0, Open_fridge\n1, 1_1, Take_milk\n")
    (folder / "training1.csv").write_text(ROWS)
    (folder / "validation1.csv").write_text("4,P07-R01-PastaSalad,90,99,1,1,1\n")
    return Step(
        stage="read_annotations",
        inputs={"annotations": sorted(folder.glob("*.csv"))},
        outputs={name: folder / "out" / file for name, file in OUTPUTS.items()},
        config={
            "reader": {"kind": "egtea", "folder": "."},
            "dataset": "small",
            "evaluated": evaluated,
            "choose": None,
            "withheld_pairs": None,
            "tail": None,
            "data_root": str(folder),
            "on_bad_input": on_bad_input,
        },
        scratch=folder / "scratch",
    )


OUTPUTS = {"segments": "segments.parquet", "classes": "classes.json", "issues": "issues.parquet"}


def test_fail_lists_every_bad_row_and_writes_nothing(tmp_path):
    with pytest.raises(DataError) as caught:
        read_annotations.run(step(tmp_path, "fail"))
    line = str(caught.value)
    assert (
        "2 bad inputs" in line
        and "training1.csv, line 2, 2: start 3 s and stop 2 s" in line
        and "training1.csv, line 3, 3: verb is 7" in line
    )
    assert not (tmp_path / "out").exists()


def test_actions_of_the_training_split_are_told_from_the_others(tmp_path):
    made = step(tmp_path, "skip")
    read_annotations.run(made)
    groups = read_classes(made.outputs["classes"]).groups
    assert (groups["seen_pairs"], groups["unseen_pairs"]) == ({"action": (0,)}, {"action": (1,)})


def test_settings_are_chosen_without_the_labels_that_are_measured(tmp_path):
    made = step(tmp_path, "skip")
    rows = "".join(f"{n},P{n:02}-R01-PastaSalad,24,48,{n % 2},{n % 2},{n % 2}\n" for n in range(1, 10))
    (tmp_path / "training1.csv").write_text(rows)
    made.config["choose"] = 3
    read_annotations.run(made)
    found = read_table(made.outputs["segments"], SEGMENTS).to_pylist()
    assert [row["split"] for row in found].count("validation") == 3 and len(found) == 9
    assert "4" not in {row["segment_id"] for row in found if row["video_id"] == "P07-R01-PastaSalad"}
    groups = read_classes(made.outputs["classes"]).groups
    assert groups["seen_pairs"] == {"action": (0, 1)}


def test_a_split_to_be_measured_has_labels(tmp_path):
    with pytest.raises(DataError) as caught:
        read_annotations.run(step(tmp_path, "skip", evaluated="test"))
    line = str(caught.value)
    assert "no labelled segment of the split test: workflow/datasets/small.yaml" in line
    assert "training (1), validation (1)" in line and not (tmp_path / "out").exists()


def test_skip_keeps_them_as_issues_and_samples_follow(tmp_path):
    read = step(tmp_path, "skip")
    read_annotations.run(read)
    segments = read_table(read.outputs["segments"], SEGMENTS)
    assert segments.column("segment_id").to_pylist() == ["1", "4"]
    assert read_classes(read.outputs["classes"]).names("noun") == ("fridge", "milk")
    issues = read_table(read.outputs["issues"], ISSUES).to_pylist()
    assert [(row["stage"], row["file"], row["row"], row["key"], row["action"]) for row in issues] == [
        ("read_annotations", "training1.csv", "line 2", "2", "skipped"),
        ("read_annotations", "training1.csv", "line 3", "3", "skipped"),
    ]
    make = Step(
        stage="make_samples",
        inputs={"segments": read.outputs["segments"]},
        outputs={"samples": tmp_path / "samples.parquet"},
        config={"task": {"kind": "anticipation", "tau_a": 0.5, "tau_o": 4.0, "earliest_stop_s": 1.0}},
        scratch=tmp_path / "scratch",
    )
    make_samples.run(make)
    rows = read_table(make.outputs["samples"], SAMPLES).to_pylist()
    assert [(row["window_start_s"], row["window_stop_s"], row["dropped_because"]) for row in rows] == [
        (-3.5, 0.5, "window stops before 1 s"),
        (-1.5, 2.5, None),
    ]
