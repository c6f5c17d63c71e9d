"""Talking to a program of another environment: groups, deaths, and what the AllenNLP program may hold."""

from __future__ import annotations

import ast
import os
import signal
import sys

import pytest

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.openie.allennlp import PROGRAM
from foretaste.openie.worker import Worker
from foretaste.settings import families

#: Speaks as the AllenNLP program does; answers "length" of each sentence, and dies at the sentence "die".
SPEAKER = """
import json, os, sys
print("noise", file=sys.stderr)
print(json.dumps({"ready": {"pid": os.getpid(), "path": os.environ.get("PYTHONPATH")}}), flush=True)
group = []
for line in sys.stdin:
    if line.strip():
        group.append(json.loads(line))
        continue
    for request in group:
        if request["sentence"] == "die":
            sys.exit("the last words\\nof a program")
        print(json.dumps({"length": len(request["sentence"])}))
    sys.stdout.flush()
    group = []
"""


def speaker() -> Worker:
    return Worker([sys.executable, "-c", SPEAKER], "speaker", "start it again")


def ask(worker: Worker, *sentences: str) -> list[int]:
    return [answer["length"] for answer in worker.ask([{"sentence": sentence} for sentence in sentences])]


def test_groups_are_answered_in_order_however_large(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    worker = speaker()
    assert worker.ready["path"] is None
    assert ask(worker, "a", "crème", "") == [1, 5, 0]
    many = ["x" * (n % 700) for n in range(5000)]
    assert ask(worker, *many) == [len(text) for text in many]
    assert ask(worker) == []
    worker.close()
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker.ready["pid"], 0)


def test_a_dead_program_is_one_clear_error():
    with pytest.raises(
        DataError, match=r"the speaker died \(exit code 1\): its last words: of a program: .*: start it again"
    ):
        ask(speaker(), "a", "die")
    worker = speaker()
    os.kill(worker.ready["pid"], signal.SIGKILL)
    with pytest.raises(DataError, match=r"died \(signal 9\)"):
        ask(worker, *["x" * 1000] * 1000)


def test_a_program_that_cannot_start_says_why():
    with pytest.raises(DataError, match="ModuleNotFoundError: No module named 'no_such_library'"):
        Worker([sys.executable, "-c", "import no_such_library"], "speaker", "install it")


def test_missing_environment_and_archive(tmp_path):
    spec = {"kind": "allennlp", "archive": str(tmp_path / "none.tar.gz"), "environment": str(tmp_path)}
    backend = families.build("openie", spec)
    with pytest.raises(ConfigError, match="make openie-env"):
        backend.extract_all(["Chop the onions."])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    with pytest.raises(DataError, match=r"no such archive: .*none.tar.gz"):
        backend.extract_all(["Chop the onions."])
    assert backend.extract_all([]) == []
    backend.close()


def test_the_program_stands_alone():
    tree = ast.parse(PROGRAM.read_text(), feature_version=(3, 8))
    names = {
        n.module if isinstance(n, ast.ImportFrom) else a.name
        for n in ast.walk(tree)
        if isinstance(n, ast.Import | ast.ImportFrom)
        for a in n.names
    }
    assert not any(name.startswith("foretaste") for name in names)
    package = PROGRAM.parents[1]
    users = [
        path
        for path in package.rglob("*.py")
        if "import allennlp_worker" in path.read_text() or "openie.allennlp_worker import" in path.read_text()
    ]
    assert users == []
