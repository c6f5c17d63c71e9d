"""What Snakemake's own options and an interrupt do to outputs reaches no result: its outputs are receipts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import MICRO, Checkout

from foretaste.pipeline.store import Store, entry_of, faults

pytestmark = pytest.mark.slow

SENTENCES = "results/text/kitchen_micro/sentences.parquet"
EXTRACTIONS = "results/text/kitchen_micro/shards/0.parquet"


@pytest.fixture
def some(started, tmp_path) -> Checkout:
    """A checkout with sentences of its own."""
    shutil.copytree(started.folder, tmp_path / "foretaste", symlinks=True)
    return Checkout(tmp_path / "foretaste")


def held(checkout: Checkout) -> dict[str, tuple[bytes, int, int]]:
    """Every file of every result: its bytes, mode and time."""
    paths = [path for path in (checkout.folder / "results/.store").glob("[a-z]*/*/**/*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for path in paths}


def whole(checkout: Checkout) -> bool:
    """Whether every result of the checkout is."""
    store = Store(checkout.folder / "results")
    return not [fault for key in store.keys() for fault in faults(store.own / key)]  # noqa: SIM118


OPTIONS = (
    ("--delete-all-output",),
    ("--delete-temp-output",),
    ("--touch",),
    ("--rerun-triggers", "mtime"),
    ("--forcerun", "read_recipes"),
    ("--forceall", "--rerun-incomplete"),
)


def test_no_option_of_snakemake_changes_a_result(some):
    """Neither with nothing to do nor with something to make, which such a run may make or leave."""
    before = held(some)
    assert len(before) > 3
    for option in OPTIONS:
        some.snakemake(SENTENCES, *option, *MICRO)
        some.snakemake(EXTRACTIONS, *option, *MICRO, check=False)
        after = held(some)
        assert {path: after.get(path) for path in before} == before and whole(some), option
        before = after
    some.snakemake(EXTRACTIONS, *MICRO)
    assert "Nothing to be done" in some.snakemake("-n", EXTRACTIONS, SENTENCES, *MICRO).stdout
    assert entry_of(some.folder / EXTRACTIONS) is not None


def test_the_scheduler_sleeps_while_jobs_run(some):
    """On one machine it is woken by jobs that end, not by a clock."""
    paths = (EXTRACTIONS, "results/kitchen_micro/segments.parquet")
    text = some.snakemake("--verbose", "--cores", "1", *paths, *MICRO).stdout
    (steps,) = re.findall(r"of (\d+) steps \(100%\) done", text)
    assert text.count("Ready jobs: ") == int(steps)


def test_a_job_that_is_interrupted_leaves_the_results_that_there_are(some):
    before = held(some)
    driver = subprocess.Popen(
        [
            "snakemake",
            "--quiet",
            "host",
            "--cores",
            "1",
            "results/text/kitchen_micro/shards/0.parquet",
            *MICRO,
        ],
        cwd=some.folder,
        env=some.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while driver.poll() is None and not list((some.folder / "results/.scratch").glob("extract_openie-*")):
        time.sleep(0.05)
    os.killpg(driver.pid, signal.SIGINT)
    driver.wait(timeout=60)
    assert {path: facts for path, facts in held(some).items() if path in before} == before and whole(some)
    some.snakemake(EXTRACTIONS, *MICRO)
    assert whole(some)


@pytest.mark.parametrize("links", ["followed", "left out"])
def test_a_copy_without_links_has_the_results_and_is_given_their_names(some, tmp_path, links):
    """As `rsync -L` and `rsync -r` make it. A result of which a copy has not all bytes is none."""
    left_out = {"ignore": lambda top, names: [name for name in names if Path(top, name).is_symlink()]}
    copy = tmp_path / "copy"
    copied = f"{copy}/{SENTENCES.removeprefix('results/')}"
    shutil.copytree(some.folder / "results", copy, **(left_out if links == "left out" else {}))
    assert not [path for path in copy.rglob("*") if path.is_symlink()]
    assert "name_results 0 results to make" in some.snakemake("-n", copied, *at(copy)).stdout
    some.snakemake(copied, *at(copy))
    assert Path(copied).is_symlink()
    (entry,) = (copy / ".store/read_recipes").iterdir()
    data = entry / "sentences.parquet"
    data.chmod(0o644)
    data.write_bytes(data.read_bytes()[:-1])
    assert ": read_recipes " in some.snakemake("-n", copied, *at(copy)).stdout


def at(copy: Path) -> tuple[str, ...]:
    return (*MICRO, f"results_root={copy}")


def test_jobs_are_forked_where_there_are_many(some):
    """By a child of the driver that has imported the stages; both end with it."""
    command = ["snakemake", "--quiet", "host", "--cores", "2", "lm_avt_micro", *MICRO]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        command, cwd=some.folder, env=some.environment, start_new_session=True, **quiet
    ) as driver:
        while not (forks := [fork for child in warm_children(driver.pid) for fork in children(child)]):
            assert driver.poll() is None, "it has ended, and nothing was forked"
            time.sleep(0.01)
        os.killpg(driver.pid, signal.SIGKILL)
    while any(Path(f"/proc/{fork}/cmdline").exists() for fork in forks):
        time.sleep(0.01)


def children(process: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:  # it has ended
        return []


def warm_children(driver: int) -> list[int]:
    """Those children of a driver that fork jobs."""
    found = []
    for child in children(driver):
        with suppress(FileNotFoundError):
            if "foretaste.forks" in Path(f"/proc/{child}/cmdline").read_text():
                found.append(child)
    return found


def test_a_training_that_was_forked_equals_one_that_ran_by_itself(finished, tmp_path):
    """Where few jobs are left to do, none is forked."""
    own = Checkout(tmp_path / "foretaste")
    shutil.copytree(finished.folder, own.folder, symlinks=True)
    named = (
        own.folder / "results/kitchen_micro/lm_avt_micro/seed0/teacher_recipe_lm/checkpoint/model.safetensors"
    )
    forked, entry = named.read_bytes(), entry_of(named)
    own.run("foretaste", "store", "--results", "results", "drop", f"train/{entry.name}")
    assert not named.exists()
    own.snakemake(str(named.relative_to(own.folder)), *MICRO)
    assert named.read_bytes() == forked
