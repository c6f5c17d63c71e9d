"""One step of the workflow, as its stage receives it: what to read, what to write, and its slice of the
configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Step:
    """A stage reads ``inputs``, calls the library with ``config``, and writes every one of ``outputs``,
    whole.

    inputs
        Name -> path, or list of paths (features: one a shard).
    outputs
        Name -> path of a file or, for ``checkpoint`` and ``scores``, of a folder.
    config
        The settings that this step depends on, resolved, and its places; plain JSON values.
    scratch
        A folder of this very step that survives a kill: progress goes there, and is removed at the end.
    """

    stage: str
    inputs: dict[str, Path | list[Path]]
    outputs: dict[str, Path]
    config: dict[str, Any]
    scratch: Path
    threads: int = 1
