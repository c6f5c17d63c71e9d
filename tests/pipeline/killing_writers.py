"""Two writers of one result at once, from two checkouts that share a folder of results, killed at random
moments, started again, and so on; and two that publish it to one place.

    python tests/pipeline/killing_writers.py --kills 50
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from jobs import raw_job, record_of
from made_up_scores import CLASSES, digest, make_record

from foretaste.pipeline import artifact
from foretaste.pipeline.jobs import keep, read_job
from foretaste.pipeline.running import run_job
from foretaste.pipeline.store import RECORD, Store, faults
from foretaste.scores.reader import open_scores
from foretaste.scores.writer import ScoreWriter
from foretaste.sharing.opening import open_place
from foretaste.sharing.remote import publish, remote, verify

BATCHES, ROWS = 20, 50

#: Kills of one round, about.
MOST = 8


def write_scores(step) -> None:
    """A stage: a score cache, batch by batch."""
    rng = np.random.default_rng(0)
    with artifact.whole(step.outputs["scores"]) as folder:
        writer = ScoreWriter(folder, record=make_record(), classes=CLASSES)
        for batch in range(BATCHES):
            ids = [f"s{batch * ROWS + row}" for row in range(ROWS)]
            logits = {"action": rng.normal(0, 4, (ROWS, 5)), "verb": rng.normal(0, 4, (ROWS, 2))}
            writer.write("validation", ids, [digest(one) for one in ids], logits)
            time.sleep(0.002)
        writer.finish()


def job_in(results: Path) -> Path:
    """The job of such a result."""
    results.mkdir(parents=True, exist_ok=True)
    source = results.parent / "source.txt"
    source.write_text("raw")
    inputs = {"source": source}
    record = record_of("average", {}, inputs, results.parent)
    return raw_job(results, record, inputs, {"scores": results / "d" / "scores"})


def entry_in(results: Path) -> Path:
    """The folder of the one result that there is."""
    (key,) = Store(results).keys()
    return Store(results).own / key


def contents(entry: Path) -> dict[str, bytes]:
    """Every file of a result, but for what making it cost."""
    found = {str(path.relative_to(entry)): path.read_bytes() for path in entry.rglob("*") if path.is_file()}
    record = json.loads(found[RECORD])
    record.pop("cost")
    return {**found, RECORD: json.dumps(record).encode()}


def killed(tasks: Sequence[Callable[[], object]], longest_s: float, luck: random.Random) -> int:
    """Run ``tasks`` at once, again and again until none was killed at its work; returns how many were. After
    a few kills they are left alone, for on a busy machine none may come to an end in time.
    """
    done, codes = 0, [1]
    while any(codes):
        with tempfile.TemporaryFile() as log:
            codes = _attempt(tasks, longest_s if done < MOST else None, luck, log)
        done += codes.count(-signal.SIGKILL)
    return done


def _attempt(
    tasks: Sequence[Callable[[], object]], longest_s: float | None, luck: random.Random, log: IO[bytes]
) -> list[int | None]:
    """Their exit codes; None: nobody is killed. AssertionError, with what was said, where one failed."""
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=_run, args=(task, log.fileno())) for task in tasks]
    for process in processes:
        process.start()
    for process in luck.sample(processes, len(processes)):
        process.join(None if longest_s is None else luck.uniform(0, longest_s))
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
    codes = [process.exitcode for process in processes]
    log.seek(0)
    assert set(codes) <= {0, -signal.SIGKILL}, log.read().decode()
    return codes


def _run(task: Callable[[], object], log: int) -> None:
    os.dup2(log, 2)  # who waits for whom
    task()


def check_writing(folder: Path, kills: int, luck: random.Random) -> tuple[int, int]:
    """Rounds, each with a store of its own, until so many writers were killed; AssertionError unless each
    round ends with what an undisturbed run makes. Returns how many were killed, and in how many rounds.
    """
    run_job(job_in(folder / "undisturbed" / "results"), write_scores)
    whole = contents(entry_in(folder / "undisturbed" / "results"))
    done = rounds = 0
    while done < kills:
        rounds += 1
        results, clone = folder / str(rounds) / "results", folder / str(rounds) / "clone"
        paths = [job_in(results)]
        clone.symlink_to(results)  # another path to it
        job = read_job(paths[0])
        names = {output: str(clone / "d" / "scores") for output in job["names"]}
        paths.append(keep({**job, "results": str(clone), "names": names}))
        done += killed([partial(run_job, path, write_scores) for path in paths], 0.3, luck)
        entry = entry_in(results)
        assert contents(entry) == whole and list(faults(entry)) == []
        ids = open_scores(entry / "scores").sample_ids("validation")
        assert sorted(ids) == sorted(f"s{row}" for row in range(BATCHES * ROWS)), "lost or duplicate rows"
        assert not list((results / ".scratch").iterdir()), "nothing is left behind"
        assert (results / "d" / "scores" / "manifest.json").resolve().is_relative_to(entry.resolve())
    return done, rounds


def check_publishing(folder: Path, kills: int, luck: random.Random) -> tuple[int, int]:
    """The same of two that publish a result to one folder."""
    store = Store(folder / "undisturbed" / "results")
    (key,) = store.keys()
    done = rounds = 0
    while done < kills:
        rounds += 1
        place = open_place(str(folder / f"place{rounds}"))
        done += killed([partial(publish, store, key, place)] * 2, 0.02, luck)
        assert contents(Path(place.where) / key) == contents(store.own / key)
        assert list(verify(remote(place, key))) == [] and list(faults(Path(place.where) / key)) == []
    return done, rounds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50, help="(default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        luck = random.Random(0)
        done, rounds = check_writing(Path(folder), arguments.kills, luck)
        print(f"{done} writers killed in {rounds} rounds: every cache equals the undisturbed one")
        done, rounds = check_publishing(Path(folder), arguments.kills, luck)
        print(f"{done} publishers killed in {rounds} rounds: what is there equals what was published")


if __name__ == "__main__":
    main()
