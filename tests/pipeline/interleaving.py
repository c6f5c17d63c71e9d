"""Runs of different settings in one results folder at once, each under a view of its own, in random order of
their jobs and killed at random: each ends with what it makes alone.

    OMP_NUM_THREADS=1 python tests/pipeline/interleaving.py --rounds 30 [--world]

--world: of the micro world, from its videos and recipes to the report; else of two models of a few numbers.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from jobs import rules_of
from killing_writers import killed
from preset_run import PresetRun
from test_identity import COUNTS, KL, LABELS, READER
from workflow_copy import copy_workflow

from foretaste import stages
from foretaste.pipeline.rules import NAMES, Rules
from foretaste.pipeline.running import run_job
from foretaste.pipeline.step import Step
from foretaste.pipeline.store import Store, entry_of, faults
from foretaste.settings.catalogue import Catalogue
from foretaste.tools import name_results

TAUGHT = {**READER, "objective": [LABELS, {"loss": KL, "of": "action", "to": "counts"}]}
RULES = ("start", "end", "all")

#: The micro world's system without those of its models that add time and no other kind of step.
FEWER = {
    "base": "lm_avt_micro",
    "models": {
        "teacher_lm": None,
        "student_lm": None,
        "student_smoothed": None,
        "teacher_lm_counts_prior": None,
        "teacher_lm_counts": {"average": ["teacher_recipe_lm", "teacher_counts"], "weights": None},
    },
    "comparisons": [["student_recipe_lm", "student_baseline"], ["teacher_recipe_lm", "teacher_counts"]],
}
#: Stages whose results on the micro world hang on no history; made once and given to every round.
#: The part of the report that tells what making it cost.
COSTS = re.compile(r"(?s)<section id=.cost.*?</section>")
GIVEN = ("make_kitchen", "train_backbone", "extract_features", "probe_videos", "pretrain", "fetch_weights")


@dataclass(frozen=True)
class Kind:
    """Runs of one system: ``settings`` of config.yaml in the checkout ``folder``. A run asks for ``targets``,
    below its results; what the stages ``given`` make is there beforehand.
    """

    folder: Path
    settings: dict[str, str]
    targets: tuple[str, ...]
    given: tuple[str, ...] = ()

    def rules(self, results: Path, rule: str) -> Rules:
        """What Snakemake asks in the run of one history rule."""
        view = {"results_root": str(results), "history_rule": rule, "view": rule}
        return rules_of(Catalogue({**self.settings, **view}, self.folder))


def two_models(folder: Path) -> Kind:
    """Features from files, a counting teacher and one that reads and is taught by it."""
    PresetRun(folder, {"counts": COUNTS, "taught": TAUGHT})
    settings = {"dataset": "tea", "systems": "mine", "data_root": str(folder / "data")}
    return Kind(
        folder, settings, ("tea/mine/seed0/counts/metrics.json", "tea/mine/seed0/taught/metrics.json")
    )


def micro_world(folder: Path) -> Kind:
    """From generated videos and recipes to the report."""
    copy_workflow(folder)
    (folder / "workflow" / "systems" / "fewer.yaml").write_text(json.dumps(FEWER))
    settings = {"dataset": "kitchen_micro", "systems": "fewer", "data_root": str(folder / "data")}
    return Kind(folder, settings, ("kitchen_micro/fewer/report.html",), GIVEN)


def run(kind: Kind, results: Path, rule: str, pause_s: float, luck: random.Random) -> None:
    """One run of the workflow: what Snakemake would do."""
    rules = kind.rules(results, rule)
    targets = [f"{results}/{path}" for path in kind.targets]
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
            module = importlib.import_module(f"{stages.__name__}.{stage}")
            run_job(job, partial(_noted, results.parent / "ran", module))
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


def reported(kind: Kind, results: Path, rule: str) -> dict[str, bytes]:
    """Every file of the data set that has a name in a run's view; what making it cost is left out."""
    view = results / "views" / rule / kind.settings["dataset"]
    paths = [path for path in view.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(view.parent)): _without_costs(path)
        for path in paths
        if not path.name.endswith(".provenance.json")
    }


def _without_costs(path: Path) -> bytes:
    if path.name == "summary.json":
        summary = json.loads(path.read_text())
        assert summary.pop("stages")
        return json.dumps(summary).encode()
    if path.name == "report.html":
        page, cut = COSTS.subn("", path.read_text())
        assert cut == 1, "the report tells its costs in one section"
        return page.encode()
    return path.read_bytes()


class Alone:
    """What each run of a kind makes in a results folder of its own."""

    def __init__(self, folder: Path, kind: Callable[[Path], Kind]):
        self.kind = kind(folder / "checkout")
        for stage in pkgutil.iter_modules(stages.__path__):
            importlib.import_module(f"{stages.__name__}.{stage.name}")  # the runs are forks of this process
        self.reported: dict[str, dict[str, bytes]] = {}
        self.keys: dict[str, set[str]] = {}
        self._first = folder / "first" / "results"
        if self.kind.given:
            self._run(self._first, RULES[0])
        for rule in RULES:
            results = folder / f"alone-{rule}" / "results"
            self.give(results)
            self._run(results, rule)
            self.reported[rule] = reported(self.kind, results, rule)
            self.keys[rule] = set(Store(results).keys())
        for target in self.kind.targets:
            assert len({files[target] for files in self.reported.values()}) == len(RULES), "they differ"

    def _run(self, results: Path, rule: str) -> None:
        killed([partial(run, self.kind, results, rule, 0.0, random.Random(0))], 3600.0, random.Random(0))

    def give(self, results: Path) -> set[str]:
        """Put what runs of the kind are given into a results folder; returns their keys."""
        made, store = Store(self._first), Store(results)
        given = set(filter(lambda key: key.partition("/")[0] in self.kind.given, made.keys()))
        for key in given:
            shutil.copytree(made.own / key, store.own / key)
        return given


def check(alone: Alone, folder: Path, runs: int, longest_s: float, luck: random.Random) -> int:
    """One interleaving of so many runs; returns how many were killed. AssertionError unless each reports what
    it reports alone, and the store holds each of their results once.
    """
    results, rules = folder / "results", luck.sample(RULES, runs)
    given = alone.give(results)
    tasks = [partial(run, alone.kind, results, rule, 0.2, random.Random(luck.random())) for rule in rules]
    kills = killed(tasks, longest_s, luck)
    store = Store(results)
    for rule in rules:
        ours, theirs = reported(alone.kind, results, rule), alone.reported[rule]
        differ = [path for path in {*ours, *theirs} if ours.get(path) != theirs.get(path)]
        assert differ == [], f"{rule}: {', '.join(sorted(differ))}"
        for path in (results / "views" / rule).rglob("*.json"):
            assert "/".join(entry_of(path).parts[-2:]) in alone.keys[rule], path
    wanted = set().union(*(alone.keys[rule] for rule in rules))
    assert set(store.keys()) == wanted and not list(store.own.glob("*/.*/record.json"))
    ran = [line.replace("-", "/") for line in (folder / "ran").read_text().split()]
    assert set(ran) == wanted - given and len(ran) <= len(set(ran)) + kills, "an equal step was built twice"
    assert [fault for key in wanted for fault in faults(store.own / key)] == []
    shutil.rmtree(folder)
    return kills


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30, help="(default: %(default)s)")
    parser.add_argument("--world", action="store_true", help="runs of the micro world")
    arguments = parser.parse_args()
    kind, slower = (micro_world, 5.0) if arguments.world else (two_models, 1.0)
    with tempfile.TemporaryDirectory() as folder:
        alone, luck, kills = Alone(Path(folder), kind), random.Random(0), 0
        for number in range(arguments.rounds):
            longest_s = slower * luck.choice([600.0, 4.0, 8.0])
            kills += check(alone, Path(folder) / str(number), 2 + number % 2, longest_s, luck)
            print(f"round {number}: {kills} runs killed so far", flush=True)
        print(f"{arguments.rounds} interleavings, {kills} runs killed: each reports what it reports alone")


if __name__ == "__main__":
    main()
