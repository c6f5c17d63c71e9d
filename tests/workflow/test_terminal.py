"""Runs on a terminal of 60 or 120 columns: one clean picture, whatever happens."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from terminal_sessions import MICRO, RUN, Session, checkout, error, jobs_shown, on_terminal

COLOUR = re.compile(rb"\x1b\[(?:3[0-7]|9[0-7]|38;)")


@pytest.fixture
def run(tmp_path):
    """A folder with the workflow, and the environment to run it in."""
    return tmp_path, checkout(tmp_path)


def clean(session: Session, columns: int) -> None:
    """No screen of a session was torn: it held one bar at most, at its end, and no line was too long."""
    for screen in session.pictures:
        lines = screen.splitlines()
        bars = [at for at, line in enumerate(lines) if re.match(r"\d+ of \d+ steps [^d]", line)]
        assert len(bars) <= 1, screen
        assert all(len(line) <= columns for line in lines)
        assert not any(re.match("Traceback|Job |Select jobs|Execute ", line) for line in lines), screen


@pytest.mark.slow
@pytest.mark.parametrize("columns", [60, 120])
def test_two_jobs_at_once(columns, run):
    targets = ("results/kitchen_micro/segments.parquet", "results/text/kitchen_micro/sentences.parquet")
    session = on_terminal([*RUN, *targets, *MICRO], columns, *run)
    assert session.code == 0, session.last
    clean(session, columns)
    assert max(map(jobs_shown, session.pictures)) == 2
    ended = [line.split()[1] for line in session.last.splitlines() if line.startswith("done ")]
    assert sorted(ended) == ["make_kitchen", "make_kitchen", "read_annotations", "read_recipes"]
    assert re.fullmatch(r"\d+ of \d+ steps done in 0:\d\d", session.last.splitlines()[-1])


def test_an_error_is_one_line_and_names_its_log(run):
    session = error(120, *run)
    assert session.code == 1
    clean(session, 120)
    whole = "".join(session.last.splitlines())
    assert whole.count("error: ") == 1 and "id is a number" in whole
    log = re.search(r"\(log: (\S+)\)", whole)[1]
    assert "error: 1 bad input" in Path(run[0], log).read_text()
    assert COLOUR.search(session.raw)


def test_no_colour_where_none_is_wanted(run):
    folder, environment = run
    session = error(60, folder, {**environment, "NO_COLOR": "1"})
    assert session.code == 1 and not COLOUR.search(session.raw)
    settings = ("--config", "dataset=epic55", "recipes=layer1.json")
    command = [*RUN, "--logger-foretaste-everything", "results/text/layer1/phrases.parquet", *settings]
    session = on_terminal(command, 60, folder, {**environment, "NO_COLOR": "1"})
    assert not COLOUR.search(session.raw) and "Error in rule read_recipes" in session.last


@pytest.mark.slow
def test_ctrl_c_says_what_is_kept_and_how_to_go_on(run):
    target = "results/kitchen_micro/videos.parquet"
    session = on_terminal([*RUN, target, *MICRO], 60, *run, lambda screen: "0:03" in screen)
    assert session.code != 0
    clean(session, 60)
    said = " ".join(session.last.split())
    assert "interrupted: finished steps are kept in results; extraction and training go on" in said
    assert f"to go on: snakemake --cores 2 {target} --config dataset=kitchen_micro" in said
    assert "failed" not in said and "error" not in said


def test_without_a_terminal_snakemake_tells_it_in_its_own_words(run):
    folder, environment = run
    command = [*RUN, "results/kitchen_micro/segments.parquet", *MICRO]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "\x1b" not in done.stdout + done.stderr
    assert "read_annotations results/kitchen_micro/segments.parquet" in done.stderr
    assert re.search(r"\d+ segments, ", done.stderr), "what a job says is read where it is said"
