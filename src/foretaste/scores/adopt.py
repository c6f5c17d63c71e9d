"""Scores that no step of a workflow here has made: another lab's, imported ones, those of before there was a
store.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from foretaste.pipeline.artifact import discard, sha256
from foretaste.pipeline.records import digest, identity
from foretaste.pipeline.store import Store
from foretaste.scores.verify import verify


def adopt(folder: Path, store: Store, note: str) -> str:
    """Copy the score cache ``folder`` into a store as a result; returns its key.

    Its record says that it was adopted, with the note, and binds the files; of how they were made it says
    nothing, so it is in place of no planned result unless a preset reuses it as one that differs.

    Raises DataError for what is wrong with the cache.
    """
    scores = verify(folder).folder
    files = {str(path.relative_to(scores)): sha256(path) for path in scores.rglob("*") if path.is_file()}
    record = {
        "stage": "score",
        "config": {"adopted": note},
        "code": {},
        "inputs": {"scores": digest(files)},
        "libraries": {},
        "threads": 1,
        "processes": 1,
    }
    key = f"score/{identity(record)}"
    with store.alone(key):
        if store.find(key) is None:
            arriving = store.results / ".scratch" / f"adopted-{identity(record)}"
            discard(arriving)
            shutil.copytree(scores, arriving / "scores", copy_function=shutil.copyfile)
            store.publish(arriving, key, record)
    return key
