"""Where the optional real data and golden numbers lie; tests that need them skip, saying so, where they are
absent.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import allennlp_archive
import pytest
from made_once import made_once

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Hundreds of processes start in these tests: none shall compile the package anew, whatever the shell says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run the workflow first, then those with other slow tests: the short ones at the end let all
    processes end together.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.parent.name != "workflow", item.path not in slow))


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory, worker_id) -> Path:
    """A folder that all processes of this test session share."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def tiny_archive(session_folder) -> Path:
    """A folder with model.tar.gz, a tiny model of AllenNLP's parser, and ``pipeline``, a spaCy pipeline that
    knows its verbs.
    """
    return made_once(session_folder / "tiny-archive", allennlp_archive.train)


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium; ``browsing.opened`` opens a page in it. As long as Playwright is open, an event loop
    runs in this thread, and ``asyncio.run`` in the next module's tests would fail.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def make_segments():
    """A SEGMENTS table from rows (id, video, start_s, stop_s) with optional split and action id."""
    import pyarrow as pa  # after the settings above
    from spaces import SEGMENTS_OF_THREE as SCHEMA

    def make(rows, splits=None, actions=None) -> pa.Table:
        ids, videos, starts, stops = (list(column) for column in zip(*rows, strict=True))
        actions = [0] * len(ids) if actions is None else actions
        columns = {name: [None] * len(ids) for name in SCHEMA.names} | {
            "segment_id": [str(i) for i in ids],
            "dataset": ["small"] * len(ids),
            "split": splits or ["training"] * len(ids),
            "video_id": videos,
            "start_s": starts,
            "stop_s": stops,
            "verb_id": actions,
            "noun_id": actions,
            "action_id": actions,
        }
        return pa.table([pa.array(columns[f.name], type=f.type) for f in SCHEMA], schema=SCHEMA)

    return make
