"""Edits rerun exactly what they touch, and nothing else does, as `snakemake -n` plans on a finished run."""

from __future__ import annotations

import json
import os
import random
import shutil

import pytest

pytestmark = pytest.mark.slow

MICRO = ("--config", "dataset=kitchen_micro")

STUDENTS = {"student_lm", "student_recipe_lm"}


def of(models, *rules):
    return {f"{rule} {model}" for model in models for rule in rules}


#: (file, old text, new text) -> what runs. Each edit is undone afterwards.
EDITS = {
    "a comment in a loss": ("src/foretaste/losses/kl.py", "from __future__", "# A remark.\nfrom __future__",
    set()),
    "a comment in another loss": ("src/foretaste/losses/topk_kl.py", "from __future__", "# A remark.\nfrom "
    "__future__", set()),
    "the console": ("src/foretaste/pipeline/console.py", "LINE_EVERY_S = 15.0", "LINE_EVERY_S = 5.0", set()),
    "a line of the loss that distilled students use": (
        "src/foretaste/losses/kl.py", "TARGETS = (", "CHANGED = True\nTARGETS = (", of(STUDENTS, "train",
        "score", "evaluate") | {"report"},
    ),
    "a loss that no model of the system uses": ("src/foretaste/losses/topk_kl.py", "TARGETS = (",
    "CHANGED = True\nTARGETS = (", set()),
    "the learning rate of the LM teacher": (
        "workflow/systems/lm_avt_micro.yaml", "  teacher_lm: &short\n    training: {",
        "  teacher_lm: &short\n    training: {optimizer: {kind: adamw, lr: 3.0e-4}, ",
        of({"teacher_lm", "student_lm"}, "train", "score", "evaluate")
        | of({"teacher_lm_counts", "teacher_lm_counts_prior"}, "average", "evaluate") | {"report"},
    ),
    "a preset's label": ("workflow/systems/lm_avt.yaml", "label: AVT\n", "label: plain AVT\n", {"report"}),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_reruns_what_it_touches(finished, edit):
    path, old, new, expected = edit
    finished.edit(path, old, new)
    try:
        assert finished.planned("lm_avt_micro", *MICRO) == expected
    finally:
        finished.edit(path, new, old)


def nothing_to_do(checkout, *settings):
    return "Nothing to be done" in checkout.snakemake("-n", "lm_avt_micro", *MICRO, *settings).stdout


def test_a_second_run_has_nothing_to_do(finished):
    assert "Nothing to be done" in finished.snakemake("lm_avt_micro", *MICRO).stdout


def test_what_snakemake_remembers_decides_nothing(finished):
    memory = finished.folder / ".snakemake"
    memory.rename(finished.folder / "elsewhere")
    try:
        assert nothing_to_do(finished)
    finally:
        shutil.rmtree(memory, ignore_errors=True)
        (finished.folder / "elsewhere").rename(memory)


def test_a_copy_of_the_results_with_other_times_is_as_good(finished, tmp_path):
    copy, moments = tmp_path / "results", random.Random(0)
    shutil.copytree(finished.folder / "results", copy, symlinks=True)
    for path in sorted(copy.rglob("*")):
        moment = moments.randrange(10**9, 2 * 10**9)
        os.utime(path, (moment, moment), follow_symlinks=False)
    assert nothing_to_do(finished, f"results_root={copy}")


def test_the_absolute_path_of_the_results_is_the_same(finished):
    assert nothing_to_do(finished, f"results_root={finished.folder}/results")


def test_a_dry_run_writes_nothing_and_says_why(finished):
    before = finished.listing()
    text = finished.snakemake("-n", "lm_avt_micro", *MICRO, "history_rule=end").stdout
    assert finished.listing() == before
    teacher = "results/kitchen_micro/lm_avt_micro/seed0/teacher_counts/checkpoint"
    assert f': train {teacher} (model.view.rule: "start" -> "end")' in text


def test_a_dry_run_ends_with_what_it_will_cost(finished):
    """Steps of another seed take what those of this one did, of which the records tell."""
    text = finished.snakemake("-n", "lm_avt_micro", *MICRO, "seeds=[1]").stdout
    head, *rows = text[text.index("\nplanned ") :].strip().splitlines()
    assert "CPU time" in head
    trainings = next(row.split() for row in rows if row.startswith("train "))
    assert trainings[1] == "4" and "before" in trainings, trainings
    assert "in no sum" not in text
    record = next((finished.folder / "results/.store/train").glob("*/record.json"))
    assert json.loads(record.read_text())["cost"]["read_bytes"]["samples"] > 0
