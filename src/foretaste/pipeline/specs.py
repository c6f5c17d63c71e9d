"""A step's spec: the settings and the code that it depends on, as one digest that Snakemake watches.

The spec and the step's paths are kept in ``<results>/.steps/<stage>-<digest of both>.json``; ``foretaste
<stage> --step FILE`` runs it, from a rule or by hand. A run with other folders makes other files, so a queued
job keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretaste.pipeline.artifact import remember_json
from foretaste.pipeline.described import Described
from foretaste.pipeline.fingerprint import fingerprint
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.provenance import digest

FORMAT = 1


def spec(stage: str, wildcards: Mapping[str, str], described: Described) -> dict[str, Any]:
    """Everything that decides what a step writes, except its inputs; no paths."""
    code = fingerprint(stage, described.config)
    return {
        "stage": stage,
        "wildcards": dict(wildcards),
        "config": described.config,
        "threads": described.threads,
        "processes": described.processes,
        "code": code,
    }


@dataclass(frozen=True)
class StepFile:
    """A step as it is kept: where, what is in the file, and the spec's digest, which decides what reruns."""

    path: Path
    step: dict[str, Any]

    @property
    def digest(self) -> str:
        return digest(self.step["spec"])[:20]

    def keep(self) -> None:
        """Write the file if it is not there."""
        if not self.path.exists():
            remember_json(self.path, self.step)


def step_file(plan: Plan, stage: str, wildcards: Mapping[str, str]) -> StepFile:
    """The file of a step; nothing is written yet."""
    wildcards = dict(wildcards)
    described = plan.describe(stage, wildcards)
    step = {"format": FORMAT, "spec": spec(stage, wildcards, described)}
    step |= {"inputs": described.inputs, "outputs": described.outputs, "places": described.places}
    return StepFile(Path(plan.results) / ".steps" / f"{stage}-{digest(step)[:20]}.json", step)
