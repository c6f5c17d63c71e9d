"""One step of the workflow, as its stage receives it: what to read, what to write, and its slice of the
configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, PositiveInt, field_validator

#: Wildcards that are numbers.
NUMBERS = ("seed", "shard")


def _named(path: str) -> str:
    if not Path(path).name:
        raise ValueError("a path without a name")
    return path


#: The path of a file or folder; an empty one, or the root, is none.
NamedPath = Annotated[str, AfterValidator(_named)]


class Spec(BaseModel, extra="forbid", frozen=True):
    """Everything that decides what a step writes, except its inputs."""

    stage: str
    wildcards: dict[str, str]
    config: dict[str, Any]
    threads: PositiveInt
    processes: PositiveInt
    code: str

    @field_validator("wildcards")
    @classmethod
    def _numbers(cls, wildcards: dict[str, str]) -> dict[str, str]:
        if odd := [name for name in NUMBERS if not wildcards.get(name, "0").isdecimal()]:
            raise ValueError(f"{odd[0]} is no number")
        return wildcards


class StoredStep(BaseModel, extra="forbid", frozen=True):
    """A step as the workflow writes it for a stage to read."""

    format: Literal[1]
    spec: Spec
    inputs: dict[str, NamedPath | list[NamedPath]]
    outputs: dict[str, NamedPath]
    places: dict[str, str | list[str] | dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A stage reads ``inputs``, calls the library with ``config``, and writes every one of ``outputs``,
    whole.

    inputs
        Name -> path, or list of paths (features: one a shard).
    outputs
        Name -> path of a file or, for ``checkpoint`` and ``scores``, of a folder.
    config
        The settings that this step depends on, resolved; plain JSON values.
    wildcards
        ``dataset``, ``system``, ``seed`` (int), ``model`` ... as far as the step has them.
    scratch
        A folder of this very step (keyed by its spec) that survives a kill: progress goes there, and is
        removed at the end.
    """

    stage: str
    inputs: dict[str, Path | list[Path]]
    outputs: dict[str, Path]
    config: dict[str, Any]
    wildcards: dict[str, Any]
    scratch: Path
    threads: int = 1
