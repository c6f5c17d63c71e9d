"""A network that is compiled while it is trained, by the compiler of this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from started_trainings import SCRIPT, assert_equal
from tiny_training import kept, train

from foretaste.contracts.errors import DataError
from foretaste.training import compiling

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default::DeprecationWarning:torch"),  # what torch imports to compile
]
COMPILED = {"dropout": 0.3, "precision": "fp32", "epochs": 2, "compile": True}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    train(folder, **COMPILED)
    return folder


def test_resumes_to_the_bit(whole, tmp_path):
    """With dropout, and a batch of another size at the end of each epoch; what was compiled is forgotten."""
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, stop_at=7, **COMPILED)
    torch._dynamo.reset()
    train(tmp_path, **COMPILED)
    assert_equal(kept(whole), kept(tmp_path))
    assert (whole / "log.jsonl").read_bytes() == (tmp_path / "log.jsonl").read_bytes()


def test_it_computes_the_same_under_the_same_names(tmp_path):
    settings = {"epochs": None, "steps": 4, "clip_norm": 0.5}
    compiled = train(tmp_path / "compiled", compile=True, **settings).state_dict()
    plain = train(tmp_path / "plain", **settings).state_dict()
    assert_equal(plain, compiled, 1e-6)
    assert_equal(kept(tmp_path / "plain"), kept(tmp_path / "compiled"), 1e-9)


def test_more_shapes_than_are_compiled_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "SHAPES", 1)
    torch._dynamo.reset()
    with pytest.raises(DataError, match=r"batches of more than 1 shapes: training\.compile"):
        train(tmp_path, **COMPILED)


def test_no_compiler_is_one_clear_error(tmp_path, monkeypatch):
    """In a process of its own, which has compiled nothing yet."""
    monkeypatch.setenv("CXX", "/no/compiler")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    command = [sys.executable, str(SCRIPT), str(tmp_path / "out"), json.dumps(COMPILED)]
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 1
    said = ended.stderr.strip().splitlines()[-1]
    assert "the network cannot be compiled (InvalidCxxCompiler: No working C++ compiler found" in said
    assert "/no/compiler" in said
    assert "training.compile, on cpu: a C++ compiler" in said
