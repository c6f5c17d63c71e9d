from __future__ import annotations

from pathlib import Path

import pytest
from made_up_scores import make_cache


@pytest.fixture
def cache(tmp_path) -> Path:
    """Folder of a small score cache."""
    make_cache(tmp_path / "scores")
    return tmp_path / "scores"
