"""Each fault that is planted in the labels is found by the check it belongs to, which passes without it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from seeded import Fault, check, describe, edit, examined, make_tiny, told
from tiny_epic55 import NOUNS

from foretaste.__main__ import main
from foretaste.doctor.checks.classes import order_of
from foretaste.pipeline.artifact import sha256

LABELS = "epic55/EPIC_train_action_labels.csv"


def pointer(data: Path) -> None:
    (data / LABELS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")


def change_rows(path: Path, change: Callable[[dict[str, str]], None]) -> None:
    """Change every row of a CSV file with a header."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change(row)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def facts(data: Path, **known: Any) -> None:
    """Lay ``known`` over what is published."""
    path = data.parent / "workflow/published/tiny.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **known}))


def double_clock(data: Path) -> None:
    """RULSTM's frames at 60 a second."""
    for split in ("training", "validation"):
        path = data / f"rulstm/ek55/{split}.csv"
        rows = [line.split(",") for line in path.read_text().splitlines()]
        lines = [[*row[:2], str(2 * int(row[2])), str(2 * int(row[3])), *row[4:]] for row in rows]
        path.write_text("".join(",".join(line) + "\n" for line in lines))


def swap_verbs(data: Path) -> None:
    """Take and put change names, as after a class list of another version."""
    path = data / "epic55/EPIC_verb_classes.csv"
    path.write_text(
        path.read_text().replace("0,take", "0,X").replace("1,put", "1,take").replace("0,X", "0,put")
    )


def no_frames(row: dict[str, str]) -> None:
    row["start_frame"] = "1"


def ask(data: Path, setting: str) -> None:
    """A setting more in the file of the dataset."""
    edit(data.parent / "workflow/datasets/tiny.yaml", "tau_a: 1.0", f"tau_a: 1.0\n{setting}")


def no_class_is_small(data: Path) -> None:
    """Every verb and noun has a training segment, and the tail is to have fewer than one."""
    edit(data / LABELS, ",open,2,fridge,3,", f",open,2,{NOUNS[2]},2,")
    edit(data / "rulstm/ek55/training.csv", "1,P01_01,132,177,2,3,3", "1,P01_01,132,177,2,2,2")
    ask(data, "tail: 0.04")


def share_a_video(data: Path) -> None:
    """A training row of P02_01, which is validation."""
    edit(data / "rulstm/ek55/training_videos.csv", "P01_02", "P01_02\nP02_01")
    for path, split in ((data / LABELS, None), (data / "rulstm/ek55/training.csv", "training")):
        text = path.read_text()
        line = next(line for line in text.splitlines() if line.startswith("19,"))
        path.write_text(text.replace(line, line.replace("P01_02", "P02_01").replace("P01,", "P02,")))
        del split


def join_twice(data: Path) -> None:
    """Ten rows again under ids of their own."""
    for path in (data / LABELS, data / "rulstm/ek55/training.csv"):
        lines = [line for line in path.read_text().splitlines() if line.split(",")[0] in map(str, range(10))]
        again = [f"{int(line.split(',')[0]) + 100},{line.partition(',')[2]}" for line in lines]
        path.write_text(path.read_text() + "\n".join(again) + "\n")


FAULTS = {
    "a file that is missing": Fault(
        lambda data: (data / LABELS).unlink(), "files", (LABELS, "missing", "foretaste fetch")
    ),
    "a file of other letter case": Fault(
        lambda data: (data / LABELS).rename(data / LABELS.lower()), "files", ("there is epic_train",)
    ),
    "a pointer in place of a file": Fault(pointer, "files", (LABELS, "Git-LFS pointer", "git lfs pull")),
    "a web page in place of a file": Fault(
        lambda data: (data / LABELS).write_text("<!DOCTYPE html><html>sign in"), "files", ("a web page",)
    ),
    "an empty file": Fault(lambda data: (data / LABELS).write_text(""), "files", ("an empty file",)),
    "a file that somebody changed": Fault(
        lambda data: edit(data / LABELS, ",take", ",taking"), "checksums", (LABELS, "sha256"), "WARN"
    ),
    "a stop before its start": Fault(
        lambda data: edit(data / LABELS, "00:00:02.40,00:00:03.90", "00:00:02.40,00:00:01.90"),
        "rows",
        ("line 2", "start 2.4 s and stop 1.9 s", "0 <= start < stop"),
    ),
    "a class that there is not": Fault(
        lambda data: edit(data / LABELS, "knife,4,", "knife,44,"),
        "rows",
        ("noun_class is 44", "from 0 to 4"),
    ),
    "a segment that occurs twice": Fault(
        lambda data: edit(data / LABELS, "\n1,P01", "\n0,P01"), "rows", ("uid 0 occurs twice",)
    ),
    "a row that is lost": Fault(
        lambda data: edit(data / "rulstm/ek55/training.csv", "0,P01_01,72,117", ""), "rows", ()
    ),
    "a column that is missing": Fault(
        lambda data: edit(data / LABELS, "start_timestamp", "start"), "rows", ("start_timestamp",)
    ),
    "fewer rows than published": Fault(
        lambda data: edit(data.parent / "workflow/published/tiny.yaml", "training: 20", "training: 21"),
        "counts",
        ("20 segments of training", "21, as published"),
    ),
    "another number of classes": Fault(
        lambda data: edit(data.parent / "workflow/published/tiny.yaml", "noun: 5", "noun: 6"),
        "counts",
        ("5 classes of noun", "6, as published"),
    ),
    "recipes that nobody named": Fault(
        lambda data: edit(data.parent / "workflow/datasets/tiny.yaml", "tiny_counts", "lm_avt"),
        "plan",
        ("no recipes", "set recipes=FILE"),
    ),
    "a tail that no class is small enough for": Fault(
        no_class_is_small,
        "samples",
        ("no verb and no noun has at most 0.04 of the training segments", "dataset: tail", "raise it, or"),
    ),
    "more pairs to withhold than can be spared": Fault(
        lambda data: ask(data, "withheld_pairs: 6"),
        "samples",
        ("6 pairs of a dataset that can spare", "dataset: withheld_pairs", "set it to"),
    ),
    "a video in two splits": Fault(share_a_video, "splits", ("1 videos in several splits: P02_01",)),
    "rows that were joined twice": Fault(
        join_twice, "splits", ("10 rows that say what another says", "P01_01 at 2.40 s"), "WARN"
    ),
    "class ids of another list": Fault(
        lambda data: facts(data, order={"verb": order_of(("take", "put", "wash", "open"))}),
        "classes",
        ("verb ids are not the published ones: 0 is 'take'", "published order"),
    ),
    "class ids by the alphabet": Fault(
        lambda data: facts(data, alphabetical={"verb": True}),
        "classes",
        ("verb ids do not follow the alphabet", "class_ids: alphabet"),
    ),
    "class names that changed places": Fault(
        swap_verbs, "classes", ("verb class 0 is 'put', but", "say 'take'", "permuted")
    ),
    "one class under two names": Fault(
        lambda data: edit(data / "epic55/EPIC_noun_classes.csv", "4,knife", "4,Plate"),
        "classes",
        ("'plate' and 'Plate' look alike",),
        "WARN",
    ),
    "frames of a clock of 60": Fault(
        double_clock, "clocks", ("segments that start at other times", "these count 60", "30 a second")
    ),
    "a time of another row": Fault(
        lambda data: edit(data / LABELS, "00:00:06.40,00:00:07.90", "00:00:07.40,00:00:07.90"),
        "clocks",
        ("1 rows of P01_01", "7.40 s is frame 384", "frame 444", "line 4"),
    ),
    "frame numbers that mean nothing": Fault(
        lambda data: change_rows(data / LABELS, no_frames), "clocks", ("hardly grow with time",), "WARN"
    ),
}


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """The data_root of a clean dataset; its checkout is the working folder."""
    made = make_tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    return made


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_and_explained(name, data, capsys):
    fault = FAULTS[name]
    facts(data, files=[{"into": "epic55", "sha256": {Path(LABELS).name: sha256(data / LABELS)}}])
    code, clean = examined(capsys, "tiny", "--only", fault.check)
    assert (code, clean[fault.check]["level"], clean[fault.check]["findings"]) == (0, "PASS", [])
    fault.plant(data)
    code, found = examined(capsys, "tiny", "--only", fault.check)
    check(fault, code, found)


def test_a_fault_is_told_once(data, capsys):
    edit(data / LABELS, "start_timestamp", "start")
    _, found = examined(capsys, "tiny")
    assert found["rows"]["level"] == "FAIL"
    assert found["counts"]["level"] == "SKIP" and "rows" in found["counts"]["said"]


def test_warnings_fail_where_they_are_asked_to(data, capsys):
    describe(
        data.parent, "published", "tiny", {"files": [{"into": "epic55", "sha256": {LABELS[7:]: "0" * 64}}]}
    )
    assert examined(capsys, "tiny", "--only", "checksums")[0] == 0
    assert examined(capsys, "tiny", "--only", "checksums", "--fail-on", "warn")[0] == 1


def test_what_is_printed_names_each_check(data, capsys):
    edit(data / LABELS, "00:00:02.40,00:00:03.90", "00:00:02.40,00:00:01.90")
    assert main(["doctor", "tiny"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in out if line[0] != " "][:2] == [
        ["PASS", "files"],
        ["SKIP", "checksums"],
    ]
    assert any(line.startswith("      fail: start 2.4 s and stop 1.9 s: epic55/EPIC_train") for line in out)
    assert out[-1].startswith("tiny: checks ")


def test_a_typo_lists_the_checks(data, capsys):
    assert main(["doctor", "tiny", "--only", "row"]) == 1
    assert "did you mean 'rows'?" in capsys.readouterr().err


def test_real_verbs_pass(shared_data, capsys):
    checks = ("files", "checksums", "rows", "counts", "splits", "classes", "clocks")
    code, found = examined(
        capsys, "epic55_verbs", "--only", *checks, "--config", f"data_root={shared_data}", "--fail-on", "warn"
    )
    assert code == 0 and {one["level"] for one in found.values()} == {"PASS"}


@pytest.mark.parametrize("dataset", ["epic55", "egtea_s1", "egtea_s2", "egtea_s3"])
def test_real_labels_pass(dataset, shared_data, capsys):
    settings = (f"data_root={shared_data}", "systems=lm_avt_counts")
    code, found = examined(capsys, dataset, "--config", *settings, "--fail-on", "warn")
    assert code == 0, "\n".join(map(told, found.values()))
