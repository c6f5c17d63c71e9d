"""Jobs as tests run them: a planned step, or one of a test's own that copies a raw file under the plan of
``gather_issues``.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from foretaste.pipeline import artifact
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.fingerprint import code_of, imported
from foretaste.pipeline.graph import Graph, Source, identities
from foretaste.pipeline.jobs import job_of, keep
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.records import identity, versions
from foretaste.pipeline.running import run_job

STAGE = "gather_issues"


class CopyJob:
    """The job of a file that holds ``text``, with the settings ``config``."""

    def __init__(self, folder: Path, text: str = "raw", **config: Any):
        self.folder, self.source = folder, folder / "source.txt"
        self.named = folder / "results" / "kitchen" / "issues.parquet"
        self.source.write_text(text)
        code = code_of(STAGE, config)
        sources = {"source": Source(str(self.source))}
        self._keep(
            {
                "stage": STAGE,
                "config": config,
                "inputs": identities(sources, Contents(folder / "memory", may_write=False)),
                "code": code,
                "libraries": versions(imported(code)),
                "threads": 1,
                "processes": 1,
            }
        )

    def edit(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Plan with a record that was changed."""
        record = json.loads(self.path.read_text())["record"]
        change(record)
        self._keep(record)

    def _keep(self, record: dict[str, Any]) -> None:
        self.key = f"{STAGE}/{identity(record)}"
        self.path = keep(
            {
                "format": 2,
                "key": self.key,
                "record": record,
                "sources": {"source": {"path": str(self.source), "key": None, "file": None}},
                "places": {},
                "names": {"issues.parquet": str(self.named)},
                "needs": [],
                "costs": [],
                "results": str(self.folder / "results"),
                "stores": [],
            }
        )


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


def run_planned(plan: Plan, stage: str, names: Mapping[str, str]) -> None:
    """Run a planned step in this process; what it reads must have been run."""
    run_job(job_file(plan, stage, names), importlib.import_module(f"foretaste.stages.{stage}").run)
