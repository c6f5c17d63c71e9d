from __future__ import annotations

from pathlib import Path

import pytest
from made_up_scores import CLASSES, make_cache

from foretaste.scores.reader import open_scores


@pytest.fixture
def cache(tmp_path) -> Path:
    """Folder of a small score cache."""
    make_cache(tmp_path / "scores")
    return tmp_path / "scores"


@pytest.fixture
def scores(tmp_path):
    """A small score cache, open."""
    make_cache(tmp_path / "scores")
    return open_scores(tmp_path / "scores")


@pytest.fixture
def classes(tmp_path) -> Path:
    """The list of its classes as a file."""
    path = tmp_path / "classes.json"
    path.write_text(CLASSES.to_json())
    return path
