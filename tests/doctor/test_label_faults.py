"""Each fault that is planted in the labels is found by the check it belongs to, which passes without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from seeded import describe, edit, examined, make_tiny, told

from foretaste.__main__ import main
from foretaste.pipeline.artifact import sha256

LABELS = "epic55/EPIC_train_action_labels.csv"


@dataclass(frozen=True)
class Fault:
    """What is done to the data, the check that has to find it, and words that its finding must have."""

    plant: Callable[[Path], object]
    check: str
    words: tuple[str, ...]
    level: str = "FAIL"


def pointer(data: Path) -> None:
    (data / LABELS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")


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
        lambda data: edit(data / LABELS, "do it", "do that"), "checksums", (LABELS, "sha256"), "WARN"
    ),
    "a stop before its start": Fault(
        lambda data: edit(data / LABELS, "00:00:02.40,00:00:03.90", "00:00:02.40,00:00:01.90"),
        "rows",
        ("line 2", "start 2.4 s and stop 1.9 s", "0 <= start < stop"),
    ),
    "a class that there is not": Fault(
        lambda data: edit(data / LABELS, ",4,\"['knife']\"", ",44,\"['knife']\""),
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
    known = {"into": "epic55", "sha256": {Path(LABELS).name: sha256(data / LABELS)}}
    facts = Path("workflow/published/tiny.yaml")
    facts.write_text(f"{facts.read_text()}files: [{known}]\n")
    code, clean = examined(capsys, "tiny", "--only", fault.check)
    assert (code, clean[fault.check]["level"], clean[fault.check]["findings"]) == (0, "PASS", [])
    fault.plant(data)
    code, found = examined(capsys, "tiny", "--only", fault.check)
    assert found[fault.check]["level"] == fault.level and code == (fault.level == "FAIL")
    for word in fault.words:
        assert word in told(found[fault.check])
    for finding in found[fault.check]["findings"]:
        assert all(finding.values()), finding


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


@pytest.mark.parametrize("dataset", ["epic55", "egtea_s1", "egtea_s2", "egtea_s3"])
def test_real_labels_pass(dataset, shared_data, capsys):
    settings = (f"data_root={shared_data}", "systems=lm_avt_counts")
    code, found = examined(capsys, dataset, "--config", *settings, "--fail-on", "warn")
    assert code == 0, "\n".join(map(told, found.values()))
