"""Jobs as tests run them: a planned step, a stage on raw files, or one of a test's own that copies a raw file
under the plan of ``gather_issues``.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from foretaste.pipeline import artifact
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.fingerprint import code_of, imported
from foretaste.pipeline.graph import Graph, Source, identities
from foretaste.pipeline.jobs import job_of, keep
from foretaste.pipeline.links import give_names
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.records import identity, versions
from foretaste.pipeline.rules import Rules
from foretaste.pipeline.running import run_job
from foretaste.pipeline.store import Store
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.result_paths import file_of
from foretaste.sharing.names import named_at
from foretaste.sharing.remote import keys_at_places

STAGE = "gather_issues"


#: Name of an input -> a raw file, or several.
RawFiles = Mapping[str, Path | Sequence[Path]]


def record_of(
    stage: str, config: dict[str, Any], inputs: RawFiles, folder: Path, processes: int = 1
) -> dict[str, Any]:
    """The record of a stage on raw files, as the graph would write it."""
    code = code_of(stage, config)
    return {
        "stage": stage,
        "config": config,
        "inputs": identities(_sources(inputs), Contents(folder / "memory", may_write=False)),
        "code": code,
        "libraries": versions(imported(code)),
        "threads": 1,
        "processes": processes,
    }


def raw_job(
    results: Path,
    record: dict[str, Any],
    inputs: RawFiles,
    outputs: Mapping[str, Path],
    places: Mapping[str, Path] | None = None,
) -> Path:
    """The job of a record on raw files, written down; ``outputs``: output -> what people call it."""
    stage = record["stage"]
    return keep(
        {
            "format": 3,
            "key": f"{stage}/{identity(record)}",
            "record": record,
            "sources": {name: _plain(source) for name, source in _sources(inputs).items()},
            "places": {name: _plain(Source(str(path))) for name, path in (places or {}).items()},
            "names": {file_of(stage, output): str(path) for output, path in outputs.items()},
            "needs": [],
            "costs": [],
            "planned": None,
            "results": str(results),
            "stores": [],
        }
    )


def _sources(inputs: RawFiles) -> dict[str, Source | tuple[Source, ...]]:
    def one(path: Path | Sequence[Path]) -> Source | tuple[Source, ...]:
        if isinstance(path, Path):
            return Source(str(path))
        return tuple(Source(str(single)) for single in path)

    return {name: one(path) for name, path in inputs.items()}


def _plain(source: Source | tuple[Source, ...]) -> Any:
    return [asdict(one) for one in source] if isinstance(source, tuple) else asdict(source)


class CopyJob:
    """The job of a file that holds ``text``, with the settings ``config``."""

    def __init__(self, folder: Path, text: str = "raw", **config: Any):
        self.folder, self.source = folder, folder / "source.txt"
        self.named = folder / "results" / "kitchen" / "issues.parquet"
        self.source.write_text(text)
        self._keep(record_of(STAGE, config, {"source": self.source}, folder))

    def edit(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Plan with a record that was changed."""
        record = json.loads(self.path.read_text())["record"]
        change(record)
        self._keep(record)

    def _keep(self, record: dict[str, Any]) -> None:
        self.key = f"{STAGE}/{identity(record)}"
        results = self.folder / "results"
        self.path = raw_job(results, record, {"source": self.source}, {"issues": self.named})


def copy(step) -> None:
    """The stage."""
    with artifact.whole(step.outputs["issues"]) as partial:
        partial.write_text(step.inputs["source"].read_text())


def job_file(plan: Plan, stage: str, names: Mapping[str, str]) -> Path:
    """The job of a planned step, written down."""
    graph = Graph(plan, Contents(Path(plan.results) / ".sha256"))
    node = graph.step(stage, names)
    costs = [other.key for other in graph.walk([node]) if other is not node and stage == "report"]
    return keep(job_of(node, node.names, plan.results, (), costs))


def rules_of(catalogue: Catalogue) -> Rules:
    """What a dry run asks."""
    return Rules.of(catalogue, may_write=False, keys_at=keys_at_places, named_at=named_at)


def run_planned(plan: Plan, stage: str, names: Mapping[str, str]) -> None:
    """Run a planned step in this process; what it reads must have been run."""
    run_here(job_file(plan, stage, names), stage)


def run_here(path: Path, stage: str) -> None:
    """Run a job in this process."""
    run_job(path, importlib.import_module(f"foretaste.stages.{stage}").run)


def give_names_of(path: Path) -> None:
    """Give what a job made its names, as the end of a run does."""
    job = json.loads(path.read_text())
    give_names(Store(job["results"]), [(job["key"], output, name) for output, name in job["names"].items()])
