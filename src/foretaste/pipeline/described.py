"""The description of one step, which the plan makes and the rules read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Folder(str):
    """The path of a folder that a step writes as a whole, with a ``manifest.json`` in it. Any other path is a
    file's.
    """


@dataclass(frozen=True, kw_only=True)
class Described:
    """One step: its inputs and outputs by name, the settings it depends on, and places that are no part of
    its identity. Threads, and the processes that share the work, come from the configuration and never from
    the machine.
    """

    inputs: dict[str, str | list[str]]
    outputs: dict[str, str]
    config: dict[str, Any]
    places: dict[str, str | list[str] | dict[str, str]] = field(default_factory=dict)
    threads: int = 1
    processes: int = 1


def samples_of(results: str, dataset: str, task: str) -> str:
    """The path of the samples of a task."""
    return f"{results}/{dataset}/samples/{task}.parquet"


def tables(results: str, dataset: str, *names: str) -> dict[str, str]:
    """The paths of a dataset's tables and of its class list."""
    return {
        name: f"{results}/{dataset}/{name}.{'json' if name == 'classes' else 'parquet'}" for name in names
    }
