"""Where the optional real data and golden numbers lie; tests that need them skip, saying so, where they are
absent.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).parents[1]
SHARED = Path(os.environ.get("FORETASTE_SHARED", REPOSITORY.parent / "shared"))


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set FORETASTE_SHARED to the folder that holds {name}/")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real label tables, recipes and clips."""
    return _folder("data")


@pytest.fixture(scope="session")
def shared_golden() -> Path:
    """Numbers computed by the papers' own code."""
    return _folder("golden")
