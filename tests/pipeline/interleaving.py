"""Runs of different settings in one results folder at once, each under a view of its own, in random order of
their jobs and killed at random: each ends with what it makes alone.

    OMP_NUM_THREADS=1 python tests/pipeline/interleaving.py --rounds 30
"""

from __future__ import annotations

import argparse
import importlib
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from jobs import rules_of
from killing_writers import killed
from preset_run import PresetRun
from test_identity import COUNTS, KL, LABELS, READER

from foretaste.pipeline.rules import NAMES, Rules
from foretaste.pipeline.running import run_job
from foretaste.pipeline.step import Step
from foretaste.pipeline.store import Store, entry_of, faults
from foretaste.tools import name_results

TAUGHT = {**READER, "objective": [LABELS, {"loss": KL, "of": "action", "to": "counts"}]}
RULES = ("start", "end", "all")
TARGETS = ("counts/metrics.json", "taught/metrics.json")

STAGES = "foretaste.stages"


def run(preset: PresetRun, results: Path, rule: str, pause_s: float, luck: random.Random) -> None:
    """One run of the workflow: what Snakemake would do."""
    view = {"results_root": str(results), "history_rule": rule, "view": rule}
    rules = rules_of(preset.plan(**view).catalogue)
    targets = [f"{results}/tea/mine/seed0/{path}" for path in TARGETS]
    waiting = rules.wanted(lambda _: targets)({})
    rules.start()
    done: set[str] = set()
    while ready := list(_ready(rules, waiting, done)):
        receipt = luck.choice(sorted(set(ready)))
        time.sleep(luck.uniform(0, pause_s))
        *_, run_name, stage, identity = Path(receipt).parts
        job = Path(rules.file(stage)({"run": run_name, "identity": identity}))
        if stage == NAMES:
            name_results.run(argparse.Namespace(job=job))
        else:
            run_job(
                job, partial(_noted, results.parent / "ran", importlib.import_module(f"{STAGES}.{stage}"))
            )
        done.add(receipt)
    rules.end()


def _noted(ran: Path, stage: ModuleType, step: Step) -> Any:
    """Run a stage, and write down that it ran."""
    made = stage.run(step)
    with open(ran, "a", encoding="ascii") as file:
        file.write(f"{step.scratch.parent.name}\n")
    return made


def _ready(rules: Rules, waiting: list[str], done: set[str]) -> Iterator[str]:
    """The receipts that can be made next; a target that is right is no receipt."""
    for receipt in waiting:
        if receipt in done or "/.runs/" not in receipt:
            continue
        *_, run_name, stage, identity = Path(receipt).parts
        before = rules.needs(stage)({"run": run_name, "identity": identity})
        missing = [one for one in before if one not in done]
        if missing:
            yield from _ready(rules, missing, done)
        else:
            yield receipt


def reported(results: Path, rule: str) -> dict[str, bytes]:
    """Every file that has a name in a run's view; what making it cost is left out."""
    view = results / "views" / rule
    paths = [path for path in view.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(view)): path.read_bytes()
        for path in paths
        if not path.name.endswith(".provenance.json")
    }


class Alone:
    """What each run makes in a results folder of its own."""

    def __init__(self, folder: Path):
        self.preset = PresetRun(folder / "checkout", {"counts": COUNTS, "taught": TAUGHT})
        for stage in ("train", "score", "evaluate", "make_samples", "read_annotations", "fetch_weights"):
            importlib.import_module(f"{STAGES}.{stage}")  # the runs are forks of this process
        self.reported: dict[str, dict[str, bytes]] = {}
        self.keys: dict[str, set[str]] = {}
        for rule in RULES:
            results = folder / f"alone-{rule}" / "results"
            killed([partial(run, self.preset, results, rule, 0.0, random.Random(0))], 600.0, random.Random(0))
            self.reported[rule] = reported(results, rule)
            self.keys[rule] = set(Store(results).keys())
        assert len({value["tea/mine/seed0/taught/metrics.json"] for value in self.reported.values()}) == 3


def check(alone: Alone, folder: Path, runs: int, longest_s: float, luck: random.Random) -> int:
    """One interleaving of so many runs; returns how many were killed. AssertionError unless each reports what
    it reports alone, and the store holds each of their results once.
    """
    results, rules = folder / "results", luck.sample(RULES, runs)
    tasks = [partial(run, alone.preset, results, rule, 0.2, random.Random(luck.random())) for rule in rules]
    kills = killed(tasks, longest_s, luck)
    store = Store(results)
    for rule in rules:
        ours, theirs = reported(results, rule), alone.reported[rule]
        assert [path for path in {*ours, *theirs} if ours.get(path) != theirs.get(path)] == [], rule
        for path in (results / "views" / rule).rglob("*.json"):
            assert "/".join(entry_of(path).parts[-2:]) in alone.keys[rule], path
    wanted = set().union(*(alone.keys[rule] for rule in rules))
    assert set(store.keys()) == wanted and not list(store.own.glob("*/.*/record.json"))
    ran = [line.replace("-", "/") for line in (folder / "ran").read_text().split()]
    assert set(ran) == wanted and len(ran) <= len(wanted) + kills, "an equal step was built twice"
    assert [fault for key in wanted for fault in faults(store.own / key)] == []
    shutil.rmtree(folder)
    return kills


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30, help="(default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        alone, luck, kills = Alone(Path(folder)), random.Random(0), 0
        for number in range(arguments.rounds):
            longest_s = luck.choice([600.0, 4.0, 8.0])
            kills += check(alone, Path(folder) / str(number), 2 + number % 2, longest_s, luck)
        print(f"{arguments.rounds} interleavings, {kills} runs killed: each reports what it reports alone")


if __name__ == "__main__":
    main()
