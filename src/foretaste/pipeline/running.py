"""Runs one step: lock, run the stage, record where its outputs come from.

A second run of the same outputs (a workflow driver was killed and started again while its jobs went on) waits
for the first and takes over what it wrote, so that two jobs never write one output. Of several processes on
one step the launcher does all this; its ranks only do the work.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from foretaste.contracts.json_files import checked
from foretaste.pipeline import artifact, console, ranks
from foretaste.pipeline.provenance import digest, identity_of, read_record, record_path, write_record
from foretaste.pipeline.step import NUMBERS, Step, StoredStep


def run_step(path: Path, stage: Callable[[Step], Mapping[str, dict[str, Any]] | None]) -> None:
    """Run the step that ``path`` describes with ``stage`` (the ``run`` of its module, or what launches it in
    several processes).

    A stage that takes something from outside its inputs returns, by output, what it was; the record keeps it.
    """
    stored = artifact.read_json(path)
    checked(stored, StoredStep, path, "run the workflow again, which writes it anew")
    spec, results = stored["spec"], path.parents[1]
    outputs = {name: Path(output) for name, output in stored["outputs"].items()}
    key = f"{spec['stage']}-{digest(spec)[:20]}"
    lock = (
        results
        / ".locks"
        / f"{digest(sorted(os.path.relpath(output, results) for output in outputs.values()))[:20]}.lock"
    )
    with nullcontext(False) if ranks.is_rank() else _alone(lock, spec["stage"]) as waited:
        inputs = {name: _paths(value) for name, value in stored["inputs"].items()}
        identities = {name: _identities(value, results / ".sha256") for name, value in inputs.items()}
        if waited and all(_made_by(output, spec, identities) for output in outputs.values()):
            console.say(f"{key}: made by a run that was still going; nothing to do")
            return
        # Half-finished work goes on only where the inputs are the same too: with other scores it would be
        # another training.
        scratch = results / ".scratch" / f"{key}-{digest(identities)[:12]}"
        step = Step(
            stage=spec["stage"],
            inputs=inputs,
            outputs=outputs,
            config={**spec["config"], **stored["places"]},
            wildcards={
                name: int(value) if name in NUMBERS else value for name, value in spec["wildcards"].items()
            },
            scratch=scratch,
            threads=spec["threads"],
        )
        if ranks.is_rank():
            stage(step)
            return
        for output in outputs.values():
            record_path(output).unlink(missing_ok=True)
        for other in scratch.parent.glob(f"{key}-*"):
            if other != scratch:
                artifact.discard(other)
        scratch.mkdir(parents=True, exist_ok=True)
        fetched = stage(step) or {}
        for name, output in outputs.items():
            write_record(output, spec, identities, fetched.get(name))
        artifact.discard(scratch)


@contextmanager
def _alone(lock: Path, stage: str) -> Iterator[bool]:
    """Hold ``lock`` (released by the system if we die); yields whether another process held it first."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w", encoding="utf-8") as file:
        waited = False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = True
            console.say(f"another process writes what this {stage} writes; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"{os.getpid()}\n")
        yield waited


def _made_by(output: Path, spec: dict[str, Any], identities: dict[str, Any]) -> bool:
    # Snakemake deletes what it was told of before it starts a job again: of a folder, the manifest.
    told_of = output / "manifest.json" if output.is_dir() else output
    if not (told_of.exists() and record_path(output).exists()):
        return False
    record = read_record(record_path(output)).record
    return record["spec"] == spec and record["inputs"] == identities


def _paths(value: str | list[str]) -> Path | list[Path]:
    return [Path(path) for path in value] if isinstance(value, list) else Path(value)


def _identities(value: Path | list[Path], memory: Path) -> str | list[str]:
    return (
        [identity_of(path, memory) for path in value]
        if isinstance(value, list)
        else identity_of(value, memory)
    )
