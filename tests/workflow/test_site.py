"""The site of docs/: built with every warning an error; each setting has a meaning; nothing comes from
elsewhere; a browser shows it without an error.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from browsing import opened, too_wide

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reference():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import reference
    finally:
        sys.path.pop(0)
    return reference


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_setting_has_a_meaning(reference):
    rows = [line for line in reference.configuration().splitlines() if line.startswith("| `")]
    assert len(rows) > 400
    assert [row for row in rows if row.endswith("|  |")] == []


def test_types_are_told_in_words(reference):
    told = reference.type_of({"anyOf": [{"type": "integer", "minimum": 2}, {"type": "null"}]})
    assert told == "whole number at least 2 or null"
    assert reference.type_of({"type": "array", "items": {"enum": ["a", "b"]}}) == "list of `a`, `b`"
    inner = {"type": "object", "additionalProperties": {"$ref": "#/$defs/LmConfig"}}
    assert reference.type_of(inner) == "name -> LmConfig"


def test_names_of_blocks_become_titles(reference):
    page = "```python a/b.py\nx\n```\n```sh tea\nfoo\n```\nSee [it](../src/a.py).\n"
    assert reference.on_page_markdown(page, page=None) == (
        '```python title="a/b.py"\nx\n```\n```sh\nfoo\n```\nSee it (`src/a.py`).\n'
    )


@pytest.mark.slow
def test_every_page_and_every_room_is_there(site, reference):
    pages = {path.parent.relative_to(site).as_posix() for path in site.rglob("index.html")}
    written = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert written | {"configuration"} | {f"api/{room}" for room in reference.rooms()} <= pages
    tutorial = (site / "tutorial/index.html").read_text(encoding="utf-8")
    assert "tea/workflow/datasets/tea.yaml" in tutorial and "```" not in tutorial
    losses = (site / "api/losses/index.html").read_text(encoding="utf-8")
    assert "foretaste.losses.kl" in losses


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]* src=\"?(https?:[^\" >]+)", text)
        loaded += re.findall(
            r"<link[^>]* rel=\"?(?:stylesheet|preconnect)[^>]*href=\"?(https?:[^\" >]+)", text
        )
        assert loaded == [], page


@pytest.mark.slow
def test_search_finds_a_setting(site):
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    assert any("history_rule" in entry["text"] for entry in index["docs"])


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(site):
    """Where the site is served on this machine."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_a_browser_shows_it_on_a_desk_and_in_a_hand_by_day_and_by_night_and_on_paper(browser, address):
    for size, scheme in (("desk", "light"), ("hand", "dark")):
        with opened(browser, f"{address}/", size, scheme, offline=False) as page:
            for name in ("", "tutorial/", "configuration/", "results/"):
                page.goto(f"{address}/{name}", wait_until="networkidle")
                for media in ("screen", "print"):
                    page.emulate_media(media=media)
                    assert too_wide(page) == 0, f"{name} in a {size} on {media}"
            scheme_shown = page.evaluate("document.body.getAttribute('data-md-color-scheme')")
            assert scheme_shown == {"light": "default", "dark": "slate"}[scheme]
