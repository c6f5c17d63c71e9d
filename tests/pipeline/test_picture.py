"""The picture of a run, from what Snakemake tells."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from foretaste.pipeline import interrupts
from foretaste.pipeline.picture import Picture, about, clock, last_error, last_line

MODEL = "results/kitchen/lm_avt_demo/seed3/student_lm/checkpoint"


@pytest.fixture
def picture(tmp_path, monkeypatch) -> Picture:
    monkeypatch.chdir(tmp_path)
    return Picture(Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None))


def tell(picture: Picture, event: str, level: int = logging.INFO, **facts: Any) -> None:
    message = facts.pop("msg", "")
    record = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    record.__dict__ |= {"event": event or None, **facts}
    picture.take(record)


def start(picture: Picture, jobid: int = 1, path: str = MODEL) -> Path:
    tell(picture, "job_info", jobid=jobid, rule_name="train", rule_msg=f"train {path} (new)")
    log = Path("logs", path).with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def drawn(picture: Picture, columns: int) -> list[str]:
    picture.console.width = columns
    with picture.console.capture() as capture:
        picture.console.print(picture.drawn())
    return [line.rstrip() for line in capture.get().splitlines()]


def printed(picture: Picture) -> str:
    return picture.console.file.getvalue()


@pytest.mark.parametrize("columns", [60, 120])
def test_each_job_says_what_it_is_about_what_it_said_last_and_for_how_long(columns, picture):
    log = start(picture)
    log.write_text("10:00:00 reading\n10:00:01 epoch 2: loss 1.25\n")
    tell(picture, "progress", done=3, total=12)
    head, *jobs = drawn(picture, columns)
    assert head.startswith("3 of 12 steps ") and head.endswith("0:00")
    text = "\n".join(jobs)
    assert "train student_lm of lm_avt_demo" in text and "epoch 2: loss 1.25" in text
    assert all(len(line) <= columns - 3 for line in jobs) and len(jobs) == (2 if columns == 60 else 1)
    assert ", seed 3, on kitchen" in about(MODEL)


def test_many_jobs_are_not_more_than_a_screen(picture):
    for number in range(20):
        start(picture, number, f"results/kitchen/lm_avt_demo/seed{number}/student_lm/checkpoint")
    assert drawn(picture, 120)[-1] == "  and 12 more"


def test_an_error_is_one_line_with_the_path_of_its_log(picture):
    log = start(picture)
    log.write_text("10:00:00 reading\n10:00:01 error: a: b: c: d\n")
    tell(picture, "job_error", logging.ERROR, jobid=1)
    tell(picture, "error", logging.ERROR, msg="RuleException:\nCalledProcessError in file x")
    tell(picture, "", logging.ERROR, msg="Exiting because a job execution failed. Look above")
    said = printed(picture).splitlines()
    assert said[0].startswith("failed train student_lm of lm_avt_demo, seed 3, on kitchen")
    assert said[1] == f"error: a: b: c: d (log: {log})" and len(said) == 2


def test_a_job_that_ended_without_a_word(picture):
    start(picture)
    tell(picture, "job_error", logging.ERROR, jobid=1)
    assert "without a word (killed, or out of memory?) (log: logs/results/kitchen" in printed(picture)


def test_what_else_goes_wrong_is_told(picture):
    tell(picture, "error", logging.ERROR, msg="MissingInputException: x")
    tell(picture, "", logging.WARNING, msg="A clock is wrong.")
    assert printed(picture).splitlines() == ["MissingInputException: x", "A clock is wrong."]


def test_what_is_said_without_a_run_is_told_in_the_end(picture):
    tell(picture, "", msg="Building DAG of jobs...")
    tell(picture, "", msg="Nothing to be done (all requested files are present and up to date).")
    picture.end()
    assert printed(picture) == "nothing to be done: every result is there, as planned\n"


def test_what_is_said_before_a_run_is_noise(picture):
    tell(picture, "", msg="Provided cores: 2")
    tell(picture, "run_info", stats={"total": 3})
    tell(picture, "", msg="Select jobs to execute...")
    picture.end()
    assert printed(picture).endswith("0 of 3 steps done in 0:00\n") and "cores" not in printed(picture)


def test_a_job_that_was_interrupted_is_no_error(picture, monkeypatch):
    monkeypatch.setattr(interrupts, "_noted", [2])
    start(picture)
    tell(picture, "job_error", logging.ERROR, jobid=1)
    assert printed(picture).startswith("stopped train student_lm") and "killed" not in printed(picture)


def test_the_end_of_a_log(tmp_path):
    log = tmp_path / "a.log"
    assert (last_line(log), last_error(log)) == ("", "")
    log.write_bytes(b"x" * 10_000 + b"\n12:00:00 error: a\n12:00:01 then \xff\n")
    assert last_line(log) == "then \ufffd" and last_error(log) == "error: a"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (62, "1:02"), (3723, "1:02:03")])
def test_times(seconds, text):
    assert clock(seconds) == text
