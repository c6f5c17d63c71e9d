"""A step as a file, which the workflow writes when it starts a run and the step's process reads: its record,
where its inputs lie, and what people call what it makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, PositiveInt

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked, read_json
from foretaste.pipeline.artifact import remember_json
from foretaste.pipeline.graph import Node, Source, Sources
from foretaste.pipeline.once import Once
from foretaste.pipeline.records import LISTED, digest
from foretaste.pipeline.store import Estimate
from foretaste.settings.result_paths import PATHS


def _named(path: str) -> str:
    if not Path(path).name:
        raise ValueError("a path without a name")
    return path


#: The path of a file or folder; an empty one, or the root, is none.
NamedPath = Annotated[str, AfterValidator(_named)]


def _stage(name: str) -> str:
    if name not in PATHS:
        raise ValueError("no stage of the workflow")
    return name


#: A result: stage and identity.
Key = Annotated[str, Field(pattern=r"^[a-z_]+/[0-9a-f]{20}$")]


class _Part(BaseModel, extra="forbid", frozen=True):
    """Some of a job."""


class StoredSource(_Part):
    """``graph.Source``."""

    path: NamedPath
    key: Key | None = None
    file: NamedPath | None = None


class Many(_Part):
    """Raw files of a longer list, which lies beside the job in a file of its own."""

    many: Annotated[str, Field(pattern=r"^[0-9a-f]{20}$")]


class Record(_Part):
    """``records``."""

    stage: Annotated[str, AfterValidator(_stage)]
    config: dict[str, Any]
    inputs: dict[str, str | list[str] | dict[str, Any]]
    code: dict[str, str]
    libraries: dict[str, str]
    threads: PositiveInt
    processes: PositiveInt


class Job(_Part):
    """What the process of a step has to know.

    names
        What an output is called in the store -> the path that people use.
    needs
        The results that are read.
    planned
        What it will cost, as was said beforehand.
    """

    format: Literal[3]
    key: Key
    record: Record
    sources: dict[str, StoredSource | Many | list[StoredSource]]
    places: dict[str, StoredSource | dict[str, StoredSource]]
    names: dict[NamedPath, NamedPath]
    needs: list[Key]
    costs: list[Key]
    planned: Estimate | None
    results: NamedPath
    stores: list[NamedPath]


def job_of(
    node: Node,
    names: Mapping[str, str],
    results: str,
    stores: tuple[str, ...],
    costs: list[str],
    planned: Estimate | None = None,
) -> dict[str, Any]:
    """The file's content for a step; ``costs``: the results whose making it tells of; ``planned``: what it
    will cost.
    """
    return {
        "format": 3,
        "key": node.key,
        "record": node.record,
        "sources": {name: _plain(value) for name, value in node.sources.items()},
        "places": {name: _plain(value) for name, value in node.places.items()},
        "names": dict(names),
        "needs": sorted(other.key for other in node.before),
        "costs": costs,
        "planned": None if planned is None else asdict(planned),
        "results": results,
        "stores": list(stores),
    }


def path_of_job(job: Mapping[str, Any]) -> Path:
    """Where a job is written down: the name follows from what is in it."""
    stage = job["key"].partition("/")[0]
    return _steps(job) / f"{stage}-{digest(_written(job))[:20]}.json"


def keep(job: Mapping[str, Any]) -> Path:
    """Write a job down. The long lists of what jobs read, which many read alike, are written once."""
    path = path_of_job(job)
    if not path.exists():
        for value in job.get("sources", {}).values():
            file = _steps(job) / f"many-{_name_of(value)}.json" if _is_long(value) else None
            if file is not None and not file.exists():
                remember_json(file, value)
        remember_json(path, _written(job))
    return path


def read_job(path: Path) -> dict[str, Any]:
    """A job as it was written, with its long lists; DataError for any other file."""
    again = "run the workflow again, which writes it anew"
    stored = read_json(path, "the workflow again, which writes it anew")
    checked(stored, Job, path, again)
    sources = {name: _whole(value, path.parent) for name, value in stored["sources"].items()}
    return {**stored, "sources": sources}


def _whole(value: Any, folder: Path) -> Any:
    if "many" not in value:
        return value
    file = folder / f"many-{value['many']}.json"
    found = read_json(file, "the workflow again, which writes it anew")
    if _digest_of_list(found) != value["many"]:
        raise DataError("another list than was written", file, "the files that a job reads", f"delete {file}")
    return found


def _steps(job: Mapping[str, Any]) -> Path:
    return Path(job["results"]) / ".steps"


def _written(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job as it stands in its file; one that gives names or fetches has no sources."""
    if "sources" not in job:
        return dict(job)
    sources = job["sources"].items()
    short = {name: {"many": _name_of(value)} if _is_long(value) else value for name, value in sources}
    return {**job, "sources": short}


def _is_long(value: Any) -> bool:
    return isinstance(value, list) and len(value) > LISTED


def _digest_of_list(value: list[Any]) -> str:
    return digest(value)[:20]


#: Of one list, which is asked for by every job that reads it.
_name_of = Once(_digest_of_list)


def _plain(value: Sources | Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, Source):
        return {"path": value.path, "key": value.key, "file": value.file}
    return _plain_list(value)


#: One list for all jobs that read the same clips, of which there may be hundreds of thousands.
_plain_list = Once(lambda sources: [_plain(one) for one in sources])


def source_of(value: Any) -> Any:
    """The ``Source`` in a job's file, or a tuple or table of them."""
    if isinstance(value, list):
        return tuple(source_of(one) for one in value)
    if "path" in value and not isinstance(value["path"], Mapping):
        return Source(**value)
    return {name: source_of(one) for name, one in value.items()}


def each_source(value: Any) -> Iterator[Source]:
    """Every ``Source`` in what ``source_of`` gives."""
    if isinstance(value, Source):
        yield value
        return
    for one in value.values() if isinstance(value, Mapping) else value:
        yield from each_source(one)
