"""Steps of ``fetch_weights``, as the workflow writes them."""

from __future__ import annotations

import json
from pathlib import Path

from jobs import raw_job, record_of

from foretaste.pipeline.running import run_job
from foretaste.pipeline.store import Store
from foretaste.stages import fetch_weights

#: What a language model consists of.
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")


def step_of(results: Path, facts: dict, files: list[Path] = ()) -> Path:
    """The file of a step, as the workflow writes it."""
    inputs = {"files": files} if files else {}
    record = record_of("fetch_weights", facts, inputs, results)
    return raw_job(results, record, inputs, {"weights": results / "weights" / "tiny"})


def from_folder(results: Path, folder: Path) -> Path:
    """Run the stage on a folder; returns the result."""
    files = [folder / name for name in FILES]
    path = step_of(results, {"source": "folder", "name": "tiny", "revision": None}, files)
    run_job(path, fetch_weights.run)
    return Store(results).find(json.loads(path.read_text())["key"])
