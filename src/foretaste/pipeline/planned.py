"""What the plan says of one step, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from foretaste.settings.result_paths import path_of


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One step, in paths: those of results are names that other steps' outputs bear, the others are files
    that the run is given.

    config
        The settings that the step depends on, resolved; plain JSON values. Names of datasets, systems, models
        and seeds are among them only where the step writes them down.
    places
        Paths of what another input already accounts for, or that change nothing: where a dataset's videos
        lie. They are no part of what the step is.
    threads, processes
        From the configuration and never from the machine; they move last bits, and so are part of it.
    """

    inputs: dict[str, str | list[str]]
    config: dict[str, Any]
    places: dict[str, str | dict[str, str]] = field(default_factory=dict)
    threads: int = 1
    processes: int = 1


def samples_of(results: str, dataset: str, task: str) -> str:
    """The path of the samples of a task."""
    return f"{results}/{path_of('make_samples', 'samples', dataset=dataset, task=task)}"


def tables(results: str, dataset: str, *names: str) -> dict[str, str]:
    """The paths of a dataset's tables and of its class list."""
    stages = {"videos": "probe_videos"}
    return {
        name: f"{results}/{path_of(stages.get(name, 'read_annotations'), name, dataset=dataset)}"
        for name in names
    }
