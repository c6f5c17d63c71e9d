"""Results appear whole or not at all, only of what was planned, and two jobs of one result never write at
once.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from damage import damaged, malformed, outcomes
from jobs import CopyJob, copy

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.pipeline.records import identity
from foretaste.pipeline.running import run_job
from foretaste.pipeline.store import entry_of, faults, read_entry


def slow_copy(step):
    with open(step.scratch.parents[1] / "runs", "a") as file:
        file.write("x")
    time.sleep(1.0)
    copy(step)


def test_a_result_lies_in_the_store_and_is_called_by_its_name(tmp_path):
    job = CopyJob(tmp_path, a=1)
    run_job(job.path, copy)
    entry = entry_of(job.named)
    stored = read_entry(entry)
    assert job.named.read_text() == "raw" and not list(faults(entry))
    assert entry.name == identity(stored.record) and stored.record["config"] == {"a": 1}
    assert stored.record["inputs"]["source"] == artifact.sha256(job.source)
    assert str(tmp_path) not in json.dumps(stored.record), "places are no part of a record"
    assert stored.cost.wall_s >= 0 and stored.cost.max_rss_mb > 10
    assert not list((tmp_path / "results/.scratch").iterdir())
    with pytest.raises(PermissionError) if os.getuid() else pytest.raises(AssertionError):
        (entry / "issues.parquet").open("r+").close()
        raise AssertionError("root may write to what nobody else may")


@pytest.mark.parametrize("what", ["source", "code", "library"])
def test_a_job_runs_nothing_but_what_was_planned(tmp_path, what):
    job = CopyJob(tmp_path)
    if what == "source":
        job.source.write_text("edited while the job waited")
    if what == "code":
        job.edit(lambda record: record["code"].update({"stages.gather_issues": "0" * 12}))
    if what == "library":
        job.edit(lambda record: record["libraries"].update({"pyarrow": "0.1"}))
    with pytest.raises(DataError, match=r"no longer as it was when the run was planned.*it plans anew"):
        run_job(job.path, copy)
    assert not job.named.exists() and not list((tmp_path / "results/.store").glob("*/*/record.json"))


def test_an_input_that_changes_while_it_is_read_makes_no_result(tmp_path):
    job = CopyJob(tmp_path)

    def meanwhile(step):
        copy(step)
        job.source.write_text("another")

    with pytest.raises(DataError, match=r"inputs\.source is no longer"):
        run_job(job.path, meanwhile)
    assert not job.named.exists()


def test_damaged_and_malformed_jobs_are_one_line_each(tmp_path, monkeypatch):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b" / "c")
    job = CopyJob(tmp_path, a=1)
    whole = job.path.read_bytes()

    def one(seed):
        job.path.write_bytes(damaged(whole, seed) if seed % 2 else malformed(whole, seed))
        run_job(job.path, lambda step: None)

    lines, _ = outcomes(one, range(300))
    assert len(lines) > 150


def test_damaged_and_malformed_records_are_no_results(tmp_path):
    job = CopyJob(tmp_path, a=1)
    run_job(job.path, copy)
    entry = entry_of(job.named)
    record = entry / "record.json"
    whole, seen = record.read_bytes(), set()
    record.chmod(0o644)
    for seed in range(500):
        record.write_bytes(damaged(whole, seed) if seed % 2 else malformed(whole, seed))
        unharmed = json.loads(whole)["record"] == _record(record) and _files(record) == _files_of(whole)
        told = list(faults(entry))
        assert told or unharmed, record.read_bytes()
        seen |= set(told)
    assert len(seen) > 100


def _record(path: Path):
    try:
        return json.loads(path.read_bytes())["record"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _files(path: Path):
    return _files_of(path.read_bytes())


def _files_of(text: bytes):
    try:
        return json.loads(text)["files"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def test_a_failing_stage_leaves_no_result(tmp_path):
    job = CopyJob(tmp_path)

    def fail(step):
        with artifact.whole(step.outputs["issues"]) as partial:
            partial.write_text("half")
            raise DataError("bad row", "file", "a good row", "mend it")

    with pytest.raises(DataError):
        run_job(job.path, fail)
    assert not job.named.exists()


def test_errors_speak_of_names(tmp_path, capsys):
    from foretaste.pipeline import console

    job = CopyJob(tmp_path)
    run_job(job.path, lambda step: (copy(step), console.say(f"wrote {step.outputs['issues']}"))[0])
    assert f"wrote {job.named}" in capsys.readouterr().err


def test_a_second_job_waits_and_takes_over(tmp_path):
    job = CopyJob(tmp_path)
    first = multiprocessing.get_context("fork").Process(target=run_job, args=(job.path, slow_copy))
    first.start()
    time.sleep(0.4)
    run_job(job.path, slow_copy)
    first.join()
    assert (tmp_path / "results/.scratch/runs").read_text() == "x", "the stage ran once"


def test_a_killed_job_is_started_again(tmp_path):
    job = CopyJob(tmp_path)
    process = multiprocessing.get_context("fork").Process(target=run_job, args=(job.path, slow_copy))
    process.start()
    time.sleep(0.4)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not job.named.exists()
    run_job(job.path, copy)
    assert job.named.read_text() == "raw"


def test_what_a_killed_publishing_left_is_no_part_of_the_result(tmp_path, monkeypatch):
    job = CopyJob(tmp_path)
    for left in ("record.json", ".record.json.partial"):
        with monkeypatch.context() as patch:
            patch.setattr(os, "rename", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            process = multiprocessing.get_context("fork").Process(target=run_job, args=(job.path, copy))
            process.start()
            process.join()
        (made,) = (tmp_path / "results/.scratch").glob("*/made")
        assert process.exitcode == -signal.SIGKILL and (made / "record.json").exists()
        (made / "record.json").rename(made / left)
    run_job(job.path, copy)
    entry = entry_of(job.named)
    assert set(read_entry(entry).files) == {"issues.parquet"} and not list(faults(entry))


def test_half_finished_work_is_not_taken_up_on_other_inputs(tmp_path):
    seen: list[str] = []

    def half(step):
        (step.scratch / "half").write_text(step.inputs["source"].read_text())
        raise DataError("killed", "here", "patience", "start again")

    def rest(step):
        seen.extend(path.read_text() for path in step.scratch.iterdir())
        copy(step)

    job = CopyJob(tmp_path)
    with pytest.raises(DataError):
        run_job(job.path, half)
    other = CopyJob(tmp_path, text="other")
    run_job(other.path, rest)
    assert seen == []
    job.source.write_text("raw")
    run_job(job.path, rest)
    assert seen == ["raw"]


def test_whole_replaces_folders_and_files(tmp_path):
    for text in ("one", "two"):
        with artifact.whole(tmp_path / "folder") as partial:
            partial.mkdir()
            (partial / f"{text}.txt").write_text(text)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["two.txt"]


def test_a_full_disk_is_one_line(tmp_path):
    def full(step):
        with artifact.whole(step.outputs["issues"]):
            raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match=r"cannot write \(No space left on device\).*issues.*free space"):
        run_job(CopyJob(tmp_path).path, full)
