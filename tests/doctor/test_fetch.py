"""Files are fetched from a server on this machine, by their sha256."""

from __future__ import annotations

import hashlib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from seeded import describe, make_tiny

from foretaste.__main__ import main

FILES = {"a.csv": b"one,two\n", "more/b.csv": b"three\n" * 1000}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments) -> None:
        """Nothing."""


@pytest.fixture
def served(tmp_path):
    """A folder, and the address at which a server has it."""
    folder = tmp_path / "served"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def checkout(tmp_path, served, monkeypatch) -> Path:
    """The working folder, whose dataset has public files."""
    folder = tmp_path / "run"
    folder.mkdir()
    make_tiny(folder)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    files = [{"at": served[1], "into": "public", "sha256": sums}]
    apply = [{"what": "the videos", "where": "example.org", "into": "videos"}]
    describe(folder, "published", "tiny", {"files": files, "apply": apply})
    monkeypatch.chdir(folder)
    return folder


def test_public_files_are_fetched_and_the_rest_is_told(checkout, capsys):
    assert main(["fetch", "tiny", "--dry-run"]) == 0
    assert "would be fetched from http://127.0.0.1" in capsys.readouterr().out
    assert not (checkout / "data/public").exists()
    assert main(["fetch", "tiny"]) == 0
    out = capsys.readouterr().out
    for name, content in FILES.items():
        assert (checkout / "data/public" / name).read_bytes() == content
    assert "a.csv: 8 bytes, as published" in out
    assert "ask for the videos: example.org; it belongs into data/videos" in out
    assert main(["fetch", "tiny"]) == 0
    assert capsys.readouterr().out.count("there already, as published") == 2


def test_another_file_is_not_kept_and_the_others_are_fetched(checkout, served, capsys):
    (served[0] / "a.csv").write_bytes(b"<html>sign in</html>")
    assert main(["fetch", "tiny"]) == 1
    assert "bytes of another file, sha256" in capsys.readouterr().err
    assert [path.name for path in (checkout / "data/public").rglob("*") if path.is_file()] == ["b.csv"]


def test_a_file_that_is_there_and_is_another_is_left_alone(checkout, capsys):
    own = checkout / "data/public/a.csv"
    own.parent.mkdir()
    own.write_bytes(b"mine")
    assert main(["fetch", "tiny"]) == 1
    assert "another file is there: data/public/a.csv" in capsys.readouterr().err
    assert own.read_bytes() == b"mine"


def test_a_file_that_is_not_served_is_one_error(checkout, served, capsys):
    (served[0] / "a.csv").unlink()
    assert main(["fetch", "tiny"]) == 1
    assert "it cannot be fetched (File not found): http://127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (
            {"files": [{"at": "file:///etc", "into": ".", "sha256": {"passwd": "0" * 64}}]},
            "begins with https://",
        ),
        ({"files": [{"at": "https://x", "into": "../up", "sha256": {"a": "0" * 64}}]}, "inside data_root"),
        ({"files": [{"at": "https://x", "into": "a", "sha256": {"../../a": "0" * 64}}]}, "inside data_root"),
        ({"files": [{"at": "https://x", "into": "a", "sha256": {"a": "12"}}]}, "sha256"),
    ],
)
def test_no_address_leads_out_of_the_web_and_no_name_out_of_the_data(facts, word, checkout, capsys):
    describe(checkout, "published", "tiny", facts)
    assert main(["fetch", "tiny"]) == 1
    assert word in capsys.readouterr().err


def test_a_dataset_of_ones_own_says_that_nothing_is_known(checkout, capsys):
    (checkout / "workflow/published/tiny.yaml").unlink()
    assert main(["fetch", "tiny"]) == 1
    assert "nothing is known of where tiny can be had" in capsys.readouterr().err
