"""A language model from the hub (a server on this machine that speaks its protocol), from its cache, or not
at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fetching import step_of
from language_models import publish

from foretaste.pipeline.store import entry_of, read_entry

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's protocol as a download needs: the files of a model with their commit, and each of
    them.
    """

    def __init__(self, folder: Path, *arguments):
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self):
        path = self.path.partition("?")[0]
        names = sorted(path.name for path in self.folder.iterdir())
        if path.startswith("/api/models/owner/tiny/tree/"):
            listed = [
                {"type": "file", "path": name, "size": (self.folder / name).stat().st_size, "oid": "0" * 40}
                for name in names
            ]
            self._answer(json.dumps(listed).encode())
        elif path.startswith("/api/models/owner/tiny"):
            siblings = [{"rfilename": name} for name in names]
            self._answer(
                json.dumps(
                    {"id": "owner/tiny", "modelId": "owner/tiny", "sha": COMMIT, "siblings": siblings}
                ).encode()
            )
        elif (
            path.startswith((f"/owner/tiny/resolve/{COMMIT}/", "/owner/tiny/resolve/main/"))
            and (file := self.folder / Path(path).name).is_file()
        ):
            self._answer(file.read_bytes())
        else:
            self.send_error(404)

    def do_HEAD(self):
        self.do_GET()

    def _answer(self, body: bytes):
        self.send_response(200)
        for name, value in (
            ("Content-Length", str(len(body))), ("ETag", f'"{hashlib.sha256(body).hexdigest()}"'),
            ("X-Repo-Commit", COMMIT),
            ("Content-Type", "application/json"),
        ):  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def endpoint(tmp_path):
    """The address of such a hub, with owner/tiny."""
    published = publish(tmp_path / "hub", "distilbert")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, published))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run_here(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """A Python in a process of its own, with a hub cache of its own."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**own, "HF_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def fetch(results: Path, home: Path, commit: str = COMMIT, **environment: str):
    """`foretaste fetch_weights`."""
    path = step_of(results, {"source": "hub", "name": "owner/tiny", "revision": commit})
    return run_here(home, "-m", "foretaste", "fetch_weights", "--step", str(path), **environment)


def planned(home: Path, name: str = "owner/tiny", **environment: str) -> str:
    """The commit that a plan has for a name, or the error that it ends with."""
    code = (
        "import sys; from foretaste.contracts.errors import ConfigError\n"
        "from foretaste.settings.language_models import source\n"
        "try: print(source(sys.argv[1], '/nowhere').facts['revision'])\n"
        "except ConfigError as error: print(error)"
    )
    done = run_here(home, "-c", code, name, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_from_the_hub_and_then_offline(tmp_path, endpoint):
    home = tmp_path / "home"
    assert planned(home, HF_ENDPOINT=endpoint) == COMMIT
    done = fetch(tmp_path / "online", home, HF_ENDPOINT=endpoint)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "online" / "weights" / "tiny" / "manifest.json").read_text())
    assert (manifest["source"], manifest["name"], manifest["revision"]) == ("hub", "owner/tiny", COMMIT)
    entry = read_entry(entry_of(tmp_path / "online" / "weights" / "tiny"))
    assert entry.fetched == {"weights": {"revision": COMMIT, "sha256": manifest["sha256"]}}
    assert entry.record["config"]["revision"] == COMMIT
    done = fetch(tmp_path / "offline", home, HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "offline" / "weights" / "tiny" / "manifest.json").read_text()) == manifest


@pytest.mark.slow
def test_what_a_branch_was_when_it_was_planned_is_remembered(tmp_path, endpoint, monkeypatch):
    """So nothing is stale because others have published; with the cache of another machine they have."""
    home = tmp_path / "home"
    first = planned(home, HF_ENDPOINT=endpoint)
    monkeypatch.setattr(sys.modules[__name__], "COMMIT", "e" * 40)
    assert planned(home, HF_ENDPOINT=endpoint) == planned(home, HF_HUB_OFFLINE="1") == first != COMMIT
    assert planned(tmp_path / "another", HF_ENDPOINT=endpoint) == COMMIT


def test_no_commit_without_hub_and_cache(tmp_path):
    for environment in ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}):
        said = planned(tmp_path / "home", **environment)
        assert said.startswith("no language model 'owner/tiny'") and "\n" not in said
        assert "hf download owner/tiny --local-dir DATA_ROOT/weights/owner/tiny" in said


@pytest.mark.parametrize(
    "environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}], ids=["offline", "no hub"]
)
def test_where_it_cannot_be_had_one_line_says_what_to_do(tmp_path, environment):
    done = fetch(tmp_path / "results", tmp_path / "home", **environment)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith(f"error: no language model 'owner/tiny@{COMMIT}'")
    assert f"hf download owner/tiny --revision {COMMIT}, and bring its cache" in said
    assert "init: weights/owner/tiny" in said
    assert not list((tmp_path / "results").glob("weights/*"))


def test_a_pinned_revision_is_not_looked_for_in_data_root_and_the_advice_says_so(tmp_path):
    said = planned(tmp_path / "home", "owner/tiny@v1", HF_HUB_OFFLINE="1")
    assert said.startswith("no language model 'owner/tiny@v1'") and "its folder in data_root" not in said
    assert "hf download owner/tiny --revision v1, and bring its cache" in said
    assert "init: weights/owner/tiny" in said
