"""The workflow of a checkout, for tests to edit: presets, data sets, schemas, rules."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]


def copy_workflow(folder: Path) -> Path:
    """What a plan reads of a checkout, copied into ``folder``."""
    shutil.copytree(ROOT / "workflow", folder / "workflow")
    shutil.copy(ROOT / "Snakefile", folder)
    return folder
