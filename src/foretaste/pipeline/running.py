"""Runs one job: under the lock of its result, and only on what was planned.

A job that waits in a queue while sources or settings are edited does not run new code under an old record: it
compares both, and its inputs, with the record before it begins and again before its result is published. A
second job of the same result (of another run, or of a driver that was started again) waits for the first and
takes over what it made.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact, console, gpus, ranks
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.fingerprint import code_of, imported
from foretaste.pipeline.graph import Source, identities
from foretaste.pipeline.jobs import each_source, read_job, source_of
from foretaste.pipeline.links import give_names, record_name
from foretaste.pipeline.records import differences, versions
from foretaste.pipeline.sizes import size_of
from foretaste.pipeline.step import Step
from foretaste.pipeline.store import Cost, Estimate, Store, read_entry
from foretaste.settings import resources

#: Runs a stage; what it took from outside its inputs it returns, and the record keeps it.
Stage = Callable[[Step], Mapping[str, Any] | None]


def run_job(path: Path, stage: Stage) -> None:
    """Run the job in the file ``path`` with ``stage`` (the ``run`` of its module), unless its result is
    there.
    """
    job, started = read_job(path), time.monotonic()
    store = Store(job["results"], job["stores"])
    if ranks.is_rank():  # one of several processes: whoever launched them does all the rest
        stage(step_of(job, store))
        return
    waiting = f"another process makes {job['key']}; waiting for it"
    with store.alone(job["key"], lambda: console.say(waiting)):
        if store.find(job["key"]) is None:
            _make(job, store, stage, started)
        else:
            console.say(f"{job['key']}: made by another run; nothing to do")
        # Also of a run that was killed between this and the publishing.
        artifact.discard(_made(job).parent)
        _name_if_new(job, store)


def _make(job: Mapping[str, Any], store: Store, stage: Stage, started: float) -> None:
    """Run the stage of a job, and publish what it made."""
    check_as_planned(job, store)
    artifact.discard(_made(job))  # by an attempt that was killed
    step = step_of(job, store)
    step.scratch.mkdir(parents=True, exist_ok=True)
    model = step.config.get("model")
    training = model.get("training", {}).get("kind") if isinstance(model, dict) else None
    with gpus.own(resources.gpus(step.stage, training, job["record"]["processes"])) as held:
        fetched = dict(stage(step) or {})
        cost = _cost(job, store, started, held)
    check_as_planned(job, store)
    store.publish(_made(job), job["key"], job["record"], cost, fetched)


def step_of(job: Mapping[str, Any], store: Store) -> Step:
    """What the stage of a job is given; people read its paths by their names."""
    record, made = job["record"], _made(job)
    places = located(job["places"], store)
    outputs = {name.partition(".")[0]: made / name for name in job["names"]}
    console.read_as(
        {
            **{str(store.find(key) / file): path for path, key, file in _results(job)},
            **{str(made / name): path for name, path in job["names"].items()},
        }
    )
    costs = [str(found) for key in job["costs"] if (found := store.find(key)) is not None]
    return Step(
        stage=record["stage"],
        inputs={name: _path(value) for name, value in located(job["sources"], store).items()},
        outputs=outputs,
        config={**record["config"], **places, **({"costs": costs} if costs else {})},
        scratch=made.parent / "work",
        threads=record["threads"],
    )


def located(sources: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Name -> path, or several of them, of what lies in the store or is given."""

    def one(source: Source) -> str:
        return source.path if source.key is None else str(store.find(source.key) / source.file)

    def each(value: Any) -> Any:
        if isinstance(value, Source):
            return one(value)
        if isinstance(value, Mapping):
            return {name: each(inner) for name, inner in value.items()}
        return [one(source) for source in value]

    return {name: each(source_of(value)) for name, value in sources.items()}


def check_as_planned(job: Mapping[str, Any], store: Store) -> None:
    """Raise DataError unless what a job reads, and the code and libraries that it runs, are those of its
    record.
    """
    record = job["record"]
    contents = Contents(store.results / ".sha256")
    for key in job["needs"]:
        check_entry(store, key, contents)
    code = code_of(record["stage"], record["config"])
    sources = {name: source_of(value) for name, value in job["sources"].items()}
    now = {
        "code": code,
        "libraries": versions(imported(code)),
        "inputs": identities(sources, contents),
    }
    for name, value in now.items():
        for field, *_ in differences(value, record[name], name):
            raise DataError(
                f"{field} is no longer as it was when the run was planned",
                job["key"],
                "the code, libraries and files of the plan",
                "run the workflow again: it plans anew",
            )


def check_entry(store: Store, key: str, contents: Contents) -> None:
    """Raise DataError unless the result ``key`` is there with the bytes that its record tells of; files that
    were not touched since they were last read are not read again.
    """
    folder = store.find(key)
    if folder is None:
        raise DataError(
            "an input that is not there", f"{store.own}/{key}", "the whole result", "run the workflow again"
        )
    for name, facts in read_entry(folder).files.items():
        if contents.whole(folder / name) != facts.sha256:
            raise DataError(
                f"{name}: other bytes than were recorded (sha256)",
                folder,
                "the result as its step left it",
                f"foretaste store drop {key}, and run the workflow again",
            )


def _made(job: Mapping[str, Any]) -> Path:
    """The folder that a job fills; it lies beside its scratch."""
    return Path(job["results"]) / ".scratch" / job["key"].replace("/", "-") / "made"


def _results(job: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(path, key, file) of every result among the sources and places."""
    for part in (job["sources"], job["places"]):
        for source in each_source(source_of(part)):
            if source.key is not None:
                yield source.path, source.key, source.file


def _path(value: str | list[str]) -> Path | list[Path]:
    return [Path(path) for path in value] if isinstance(value, list) else Path(value)


def _cost(job: Mapping[str, Any], store: Store, started: float, held: gpus.Held) -> Cost:
    """Of this process and those that it started and that have ended (on other nodes: srun counts them)."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Cost(
        wall_s=round(time.monotonic() - started, 2),
        cpu_s=round(sum(one.ru_utime + one.ru_stime for one in used), 2),
        max_rss_mb=round(max(one.ru_maxrss for one in used) / 1024, 1),
        gpu_s=held.seconds,
        gpu_utilisation=held.utilisation,
        read_bytes=_read_bytes(job, store),
        planned=job["planned"] and Estimate(**job["planned"]),
    )


def _read_bytes(job: Mapping[str, Any], store: Store) -> dict[str, int]:
    """Input -> bytes of its raw files, or of the results that they lie in."""

    def size(source: Source) -> int:
        return size_of(source.path) if source.key is None else read_entry(store.find(source.key)).bytes

    each = {name: each_source([source_of(value)]) for name, value in job["sources"].items()}
    return {name: sum(map(size, sources)) for name, sources in each.items()}


def _name_if_new(job: Mapping[str, Any], store: Store) -> None:
    """Names that stand for nothing yet are given at once, so that a run can be looked at while it goes on;
    others change together, at its end. Of a name the record's comes last: without it, giving was cut off.
    """
    free = {name: path for name, path in job["names"].items() if not os.path.lexists(record_name(Path(path)))}
    with suppress(OSError):  # the end of the run says it
        give_names(store, [(job["key"], output, name) for output, name in free.items()])
