"""Extraction as a stage: killed at random moments it ends with the bytes of an undisturbed run; a sentence
that fails is one issue.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import allennlp_archive
import pytest
from jobs import raw_job, record_of

from foretaste.contracts.tables import EXTRACTIONS, ISSUES, SENTENCES, read_table, write_table
from foretaste.pipeline.fingerprint import closure
from foretaste.pipeline.plan import Plan
from foretaste.settings.catalogue import Catalogue

NOUNS = ["onions", "flour", "water", "pan", "carrots", "butter", "eggs", "milk", "dish", "large bowl"]
VERBS = ["chop", "mix", "add", "beat", "stir", "grease", "wash", "peel", "heat", "bake"]


def write_sentences(path: Path, number: int, extra: tuple[str, ...] = ()) -> None:
    """``number`` instructions in recipes of ten; some texts come again."""
    texts = [*extra]
    for n, (a, b, c, d) in enumerate(itertools.cycle(itertools.product(VERBS, NOUNS, VERBS, NOUNS))):
        if len(texts) == number:
            break
        texts.append(f"{a.capitalize()} the {b} and {c} the {d}{'' if n % 7 else ', then serve warm'}.")
    rows = {
        "recipe_id": [f"r{n // 10:06d}" for n in range(number)],
        "partition": ["train"] * number,
        "position": [n % 10 for n in range(number)],
        "text": texts,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, SENTENCES, rows)


def step_file(
    folder: Path, sentences: Path, backend: dict, archive: Path | None = None, environment: Path | None = None
) -> Path:
    """The step of the only shard, as the workflow writes it; a backend may have an archive and an
    environment.
    """
    results = folder / "results"
    inputs = {"sentences": sentences, **({"archive": archive} if archive else {})}
    record = record_of("extract_openie", {"backend": backend, "shards": 1, "shard": 0}, inputs, results)
    outputs = {"extractions": results / "0.parquet", "issues": results / "issues.parquet"}
    return raw_job(results, record, inputs, outputs, {"environment": environment} if environment else {})


def start(step: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "foretaste", "extract_openie", "--step", str(step)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def made(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "results").glob("*.parquet"))}


def killed(
    times: int, tmp_path: Path, sentences: Path, backend: dict, earliest: float, **parser: Path
) -> None:
    """Kill a real process several times, between ``earliest`` and all of the time that an undisturbed run
    takes, every other time only once it has finished another block (a busy machine may not get so far in that
    time); then let it finish.
    """
    began = time.monotonic()
    assert start(step_file(tmp_path / "undisturbed", sentences, backend, **parser)).wait() == 0
    took = time.monotonic() - began
    step, moments, kept = (
        step_file(tmp_path / "killed", sentences, backend, **parser),
        random.Random(3),
        set(),
    )
    for kill in range(times):
        process = start(step)
        with suppress(subprocess.TimeoutExpired):
            process.wait(took * moments.uniform(earliest, 1))
        before = len(kept)
        while kept.update(blocks(tmp_path)) or (kill % 2 and len(kept) == before and process.poll() is None):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start(step).wait() == 0
    assert kept, "no block was finished before a kill: the resumption was not tried"
    assert made(tmp_path / "killed") == made(tmp_path / "undisturbed")
    assert not list((tmp_path / "killed" / "results" / ".scratch").iterdir())


def blocks(tmp_path: Path) -> set[str]:
    """The finished parts of the killed run."""
    return {path.name for path in (tmp_path / "killed" / "results" / ".scratch").glob("*/work/parts/0*")}


@pytest.mark.slow
def test_rules_killed_ten_times_give_the_same_bytes(tmp_path):
    write_sentences(tmp_path / "sentences.parquet", 50_000)
    killed(10, tmp_path, tmp_path / "sentences.parquet", {"kind": "rules"}, 0.0)
    table = read_table(tmp_path / "killed" / "results" / "0.parquet", EXTRACTIONS)
    assert table.num_rows > 100_000 and table.slice(0, 2)["object_head"].to_pylist() == ["onion", "onion"]


def test_the_archive_is_an_input_and_its_place_and_the_environment_are_no_part_of_the_record():
    backend = {"kind": "allennlp", "archive": "models/a.tar.gz", "environment": "/envs/openie"}
    plan = Plan(
        Catalogue(
            {"dataset": "kitchen", "openie": {"backend": backend, "shards": 2}}, Path(__file__).parents[2]
        )
    )
    described = plan.describe("extract_openie", {"text": "kitchen", "shard": "1"})
    assert described.inputs["archive"] == "data/models/a.tar.gz" and described.places == {
        "environment": "/envs/openie"
    }
    assert described.config == {"backend": {"kind": "allennlp"}, "shards": 2, "shard": 1}
    code = closure("extract_openie", described.config)
    assert {"openie.allennlp_worker", "openie.roles"} <= code and "openie.rules" not in code
    assert "openie.allennlp_worker" not in closure("extract_openie", {"backend": {"kind": "rules"}})
    report = plan.describe("report", {"dataset": "kitchen", "system": "lm_avt_demo", "scope": ""})
    shards = [f"results/text/kitchen/issues/extract_openie-{shard}.parquet" for shard in (0, 1)]
    assert report.inputs["issues"][-3:] == ["results/text/kitchen/issues.parquet", *shards]


@pytest.fixture(scope="module")
def archive(tiny_archive):
    return tiny_archive / "model.tar.gz"


@pytest.mark.slow
def test_allennlp_killed_four_times_gives_the_same_bytes(tmp_path, archive):
    write_sentences(tmp_path / "sentences.parquet", 1500, ("Chop the onions. " * 60_000,))
    backend = {"kind": "allennlp", "batch_size": 4}
    parser = {"archive": archive, "environment": allennlp_archive.ENVIRONMENT}
    killed(4, tmp_path, tmp_path / "sentences.parquet", backend, 0.5, **parser)
    assert read_table(tmp_path / "killed" / "results" / "issues.parquet", ISSUES).num_rows == 1


@pytest.mark.slow
def test_a_sentence_that_fails_is_one_issue(tmp_path, archive):
    write_sentences(
        tmp_path / "sentences.parquet",
        30,
        ("Chop the onions.", "Chop the onions. " * 60_000, "Heat the milk."),
    )
    step = step_file(
        tmp_path,
        tmp_path / "sentences.parquet",
        {"kind": "allennlp"},
        archive=archive,
        environment=allennlp_archive.ENVIRONMENT,
    )
    assert start(step).wait() == 0
    (issue,) = read_table(tmp_path / "results" / "issues.parquet", ISSUES).to_pylist()
    reason = issue.pop("reason")
    assert issue == {
        "stage": "extract_openie",
        "file": "sentences.parquet",
        "row": "sentence 1",
        "key": "r000000",
        "action": "skipped",
    }
    assert reason.startswith("AllenNLP: ValueError: [E088]")
    rows = read_table(tmp_path / "results" / "0.parquet", EXTRACTIONS).to_pylist()
    assert [(row["position"], row["verb"], row["object_head"]) for row in rows[:2]] == [
        (0, "chop", "onion"),
        (2, "heat", "milk"),
    ]


@pytest.mark.slow
def test_a_dead_worker_stops_the_stage_with_one_line_and_the_next_run_goes_on(tmp_path, archive):
    write_sentences(tmp_path / "sentences.parquet", 4000)
    backend = {"kind": "allennlp", "batch_size": 4}
    parser = {"archive": archive, "environment": allennlp_archive.ENVIRONMENT}
    step = step_file(tmp_path, tmp_path / "sentences.parquet", backend, **parser)
    command = [sys.executable, "-m", "foretaste", "extract_openie", "--step", str(step)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    parts = tmp_path / "results" / ".scratch"
    while not list(parts.glob("*/work/parts/0*")):
        assert process.poll() is None
        time.sleep(0.05)
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 1 and "error: the AllenNLP worker died (signal 9): " in said.splitlines()[-1]
    assert list(parts.glob("*/work/parts/0*"))
