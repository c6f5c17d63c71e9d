"""The command that makes a report again, from the settings of the run that planned it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any

from foretaste.settings.run_config import RunConfig

#: Settings of a run that decide what a result is; the others say where things lie, or who is told.
DECIDING = (
    "seeds", "history_rule", "history_from", "on_bad_input", "openie", "phrases", "set", "processes",
    "threads",
)  # fmt: skip


def command(run: RunConfig, dataset: str, path: str, places: Sequence[str]) -> str:
    """The command line that makes ``path``, a result by its name below ``results``.

    places
        Settings that name a place, such as ``data_root``: their values are left to the reader, as are paths
        in other settings, for no record names a place.
    """
    changed = run.model_dump(mode="json", include=set(DECIDING), exclude_defaults=True)
    settings = [f"dataset={dataset}", *(f"{name}={name.upper()}" for name in places)]
    settings += [f"{name}={_written(name, changed[name])}" for name in DECIDING if name in changed]
    return shlex.join(["snakemake", "--cores", "2", f"results/{path}", "--config", *settings])


def _written(name: str, value: Any) -> str:
    if name == "set":
        return ",".join(f"{path}={_written('', one)}" for path, one in value.items())
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ": "))
    return re.sub(r'"(~|/)[^"]*"', '"PATH"', text)
