"""What the Snakefile asks.

Snakemake is told neither of results nor of their names: the outputs of its jobs are receipts, empty files in
a folder of this run. So a job is planned exactly where the store lacks what it makes, and nothing that
Snakemake does to outputs reaches a result.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import read_json
from foretaste.pipeline.artifact import remember_json
from foretaste.pipeline.choosing import chosen
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.forecast import Forecast
from foretaste.pipeline.graph import Graph, Node
from foretaste.pipeline.jobs import job_of, keep, path_of_job
from foretaste.pipeline.links import changes
from foretaste.pipeline.plain_errors import plainly
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.records import digest
from foretaste.pipeline.store import Estimate, Store
from foretaste.pipeline.why import reason
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.places import check_stores
from foretaste.settings.resources import WORDS, Asked, asked
from foretaste.settings.result_paths import log_of, steps_of

Wildcards = Mapping[str, str]

#: What gives results their names, once they are there, and what fetches them from elsewhere.
NAMES, FETCH = "name_results", "fetch_result"


class Rules:
    """The jobs of one run, planned from the paths that are asked for.

    elsewhere
        Key -> place, of results that can be fetched; asked once, and only where something is missing.
    view
        Where its results get their names: that folder of ``<results>/views``; none: the results themselves.
    resources
        What jobs ask a cluster for, by the names of config.yaml.
    """

    def __init__(
        self,
        graph: Graph,
        store: Store,
        elsewhere: Callable[[], Mapping[str, str]] = dict,
        view: str = "",
        resources: Mapping[str, Asked] = MappingProxyType({}),
    ):
        self.graph, self.store, self._elsewhere = graph, store, cache(elsewhere)
        self._runs = f"{store.results}/.runs"
        self.run = f"{time.strftime('%m%d-%H%M%S')}-{secrets.token_hex(3)}"
        self._view = f"{store.results}/views/{view}" if view else str(store.results)
        self._resources = resources
        self._forecast = Forecast(store)
        self._jobs: dict[str, dict[str, Any]] = {}
        self._others: dict[str, dict[str, str]] = {}
        self._why: dict[str, str] = {}
        self._found: dict[str, bool] = {}

    @classmethod
    def of(
        cls,
        catalogue: Catalogue,
        may_write: bool,
        keys_at: Callable[[Sequence[str]], Mapping[str, str]],
        named_at: Callable[[Sequence[str], str], tuple[str, Mapping[str, Any]]],
    ) -> Rules:
        """Those of a configured run; a dry run may not write. ``keys_at``: key -> place, of the results at
        some places; ``named_at``: key and record of what has a name at one of some places.
        """
        folders = [one for one in catalogue.run.stores if "://" not in one]
        check_stores(folders)
        store = Store(catalogue.results, folders)
        places = [one for one in catalogue.run.stores if "://" in one]
        contents = Contents(store.results / ".sha256", may_write)
        choice = chosen(catalogue, store, lambda name: named_at(catalogue.run.stores, name))
        graph = Graph(Plan(catalogue), contents, choice)
        return cls(
            graph,
            store,
            lambda: keys_at(places) if places else {},
            catalogue.run.view,
            catalogue.run.resources,
        )

    def receipt(self, stage: str) -> str:
        """The output of a stage's rule: ``run`` and ``identity`` are Snakemake's wildcards."""
        return f"{self._runs}/{{run}}/{stage}/{{identity}}"

    def needs(self, stage: str) -> Callable[[Wildcards], list[str]]:
        """The receipts of those results that a job reads and that are not there yet."""

        def of(wildcards: Wildcards) -> list[str]:
            missing = [key for key in self._job(stage, wildcards)["needs"] if not self._has(key)]
            return [self._receipt_of(key, wildcards["run"]) for key in missing]

        return plainly(of)

    def file(self, stage: str) -> Callable[[Wildcards], str]:
        """The job's file; it is written when the run starts."""
        named = cache(lambda run, identity: path_of_job(self._job(stage, {"run": run, "identity": identity})))
        return plainly(lambda wildcards: str(named(wildcards["run"], wildcards["identity"])))

    def threads(self, stage: str) -> Callable[[Wildcards], int]:
        """The cores that a job keeps busy: the threads of all its processes."""

        def of(wildcards: Wildcards) -> int:
            record = self._job(stage, wildcards)["record"]
            return record["threads"] * record["processes"]

        return plainly(of)

    def resources(self, stage: str) -> dict[str, Callable[..., Any]]:
        """All that a job may ask a cluster for."""
        return {name: self.asks(stage, name) for name in WORDS}

    def asks(self, stage: str, name: str, otherwise: int | None = None) -> Callable[..., Any]:
        """What a job asks a cluster for under a name of ``settings.resources``; ``otherwise``: nothing."""

        def of(wildcards: Wildcards, attempt: int = 1) -> int | str | None:
            found = asked(self._job(stage, wildcards), self._resources, str(self.store.results), attempt)
            return found.get(name, otherwise)

        return plainly(of)

    def log(self, stage: str) -> Callable[[Wildcards], str]:
        """Where a job says what it does: as its first output is called, under ``logs``."""

        def of(wildcards: Wildcards) -> str:
            return log_of(next(iter(self._job(stage, wildcards)["names"].values())))

        return plainly(of)

    def what(self, stage: str) -> Callable[[Wildcards], str]:
        """What a job makes, and why."""

        def of(wildcards: Wildcards) -> str:
            job = self._job(stage, wildcards)
            why = self._why.get(job["key"], "")
            return why if stage == NAMES else f"{next(iter(job['names'].values()))} ({why})"

        return plainly(of)

    def planned(self) -> list[tuple[str, Estimate | None]]:
        """Stage of every step that is to run, and what it will cost, where that can be said."""
        steps = [job for job in self._jobs.values() if "record" in job]
        return [(job["record"]["stage"], job["planned"] and Estimate(**job["planned"])) for job in steps]

    def wanted(self, paths: Callable[[Any], Sequence[str]]) -> Callable[[Any], list[str]]:
        """What a target waits for: its paths where they are right, else what makes them so."""

        def of(wildcards: Any) -> list[str]:
            asked = list(paths(wildcards))
            return self._receipts(asked) or [self._seen(path) for path in asked]

        return plainly(of)

    def wanted_path(self, path: str) -> Callable[[Any], list[str]]:
        """What a target waits for that is the path of a result itself."""
        return self.wanted(lambda _: [self._inside(path)])

    def is_result(self, word: str) -> bool:
        """Whether a word of the command line can be the path of a result."""
        path = self._inside(word)
        return path is not None and any(steps_of(path.removeprefix(f"{self.store.results}/")))

    def _inside(self, word: str) -> str | None:
        """A path as the plan writes it; None where it does not lie in the results."""
        inner = os.path.relpath(os.path.abspath(word), os.path.abspath(self._view))
        return None if inner.startswith("..") else f"{self.store.results}/{inner}"

    def _receipts(self, paths: Sequence[str]) -> list[str]:
        nodes = [self.graph.at(path)[0] for path in paths]
        steps = self.graph.walk(nodes)
        missing = self.graph.walk(nodes, lambda node: not self._has(node.key), self._before)
        names = [
            (node.key, output, self._named(path)) for node in steps for output, path in node.names.items()
        ]
        wrong = [change for name in names for change in changes(self.store, *name)]
        if not missing and not wrong:
            return []
        for node in missing:
            self._add(node, steps)
        key = f"{NAMES}/{digest(names)[:20]}"
        self._jobs[key] = {
            "key": key,
            "names": [list(name) for name in names],
            "needs": sorted({node.key for node in nodes}),
            **self._stores(),
        }
        self._why[key] = f"{len(missing)} results to make, {len(wrong)} names to change"
        return [self._receipt_of(key, self.run)]

    def _before(self, node: Node) -> Sequence[Node]:
        """What is needed to make a step's result: nothing, where it can be fetched."""
        return () if node.key in self._elsewhere() else node.before

    def _add(self, node: Node, steps: Sequence[Node]) -> None:
        if node.key in self._jobs:
            return
        names = {output: self._named(path) for output, path in node.names.items()}
        if (place := self._elsewhere().get(node.key)) is not None:
            key = f"{FETCH}/{node.key.partition('/')[2]}"
            facts = {"key": node.key, "names": names, "needs": [], "place": place}
            self._jobs[key] = {**facts, **self._stores()}
            self._why[node.key] = f"from {place}"
            return
        if node.pinned:
            raise DataError(
                f"{node.key}, which a preset reuses, is not whole",
                next(iter(node.names.values())),
                "all its files at one of the run's stores",
                "foretaste store verify --at PLACE; publish it again, or take reuse out of the preset",
            )
        self._why[node.key] = reason(node, names)
        costs = [other.key for other in self.graph.walk([node]) if other is not node]
        self._jobs[node.key] = job_of(
            node,
            names,
            str(self.store.results),
            self.store.others,
            costs if node.stage == "report" else [],
            self._forecast.of(node),
        )

    def _named(self, path: str) -> str:
        """A result's path in the view of this run."""
        return self._view + path.removeprefix(str(self.store.results))

    def _seen(self, path: str) -> str:
        named = Path(self._named(path))
        return f"{named}/manifest.json" if named.is_dir() else str(named)

    def _has(self, key: str) -> bool:
        """One look at the stores a plan."""
        if key not in self._found:
            self._found[key] = self.store.find(key) is not None
        return self._found[key]

    def _stores(self) -> dict[str, Any]:
        return {"results": str(self.store.results), "stores": list(self.store.others)}

    def _receipt_of(self, key: str, run: str) -> str:
        """Of the job that makes a result, or that fetches it."""
        fetched = f"{FETCH}/{key.partition('/')[2]}"
        return f"{self._runs}/{run}/{fetched if fetched in self._planned(run) else key}"

    def _job(self, stage: str, wildcards: Wildcards) -> dict[str, Any]:
        key = f"{stage}/{wildcards['identity']}"
        if key not in self._jobs:
            self._jobs[key] = read_json(Path(self._planned(wildcards["run"])[key]), "the workflow again")
        return self._jobs[key]

    def _planned(self, run: str) -> Mapping[str, Any]:
        """The jobs of this process's plan or, in one that runs a job of another's, the files they lie in."""
        if run != self.run and run not in self._others:
            self._others[run] = read_json(Path(self._runs, run, "jobs.json"), "the workflow again")
        return self._others.get(run, self._jobs)

    @plainly
    def start(self) -> int:
        """Before the first job: write down what there is to do, so that a dry run writes nothing. What was
        left by drivers that died is swept up. Returns the number of jobs.
        """
        own = Path(self._runs, self.run)
        own.parent.mkdir(parents=True, exist_ok=True)
        # One driver at a time: a folder that is not locked yet looks like one of a driver that died.
        gate = os.open(own.parent, os.O_RDONLY)
        fcntl.flock(gate, fcntl.LOCK_EX)
        for folder in own.parent.glob("[0-9]*"):
            with suppress(OSError), open(folder / "alive", "w", encoding="utf-8") as other:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
        own.mkdir()
        # Held for as long as this process lives.
        self._alive = open(own / "alive", "w", encoding="utf-8")  # noqa: SIM115
        fcntl.flock(self._alive, fcntl.LOCK_EX)
        os.close(gate)
        remember_json(own / "jobs.json", {key: str(keep(job)) for key, job in self._jobs.items()})
        return len(self._jobs)

    def end(self) -> None:
        """After the last job, or the first that failed."""
        shutil.rmtree(Path(self._runs, self.run), ignore_errors=True)
        self._alive.close()
