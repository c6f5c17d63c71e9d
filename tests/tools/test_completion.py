"""What shells are offered, by the shells themselves where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workflow_copy import ROOT

from foretaste.__main__ import main
from foretaste.tools.completion import candidates


@pytest.fixture(autouse=True)
def checkout(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_commands_options_datasets_and_targets():
    assert {"doctor", "audit-windows", "help", "--version"} <= set(candidates(["foretaste"]))
    assert {"epic55", "recipe1m", "--fail-on", "--config", "--help"} <= set(
        candidates(["foretaste", "doctor"])
    )
    assert "epic55" not in candidates(["foretaste", "doctor", "epic55"])
    assert "dataset=epic55" in candidates(["foretaste", "why", "x", "--config"])
    assert "epic55" in candidates(["snakemake", "demo", "--config", "dataset", "="])
    assert {"verify", "gc", "--dry-run"} <= set(candidates(["foretaste", "store"]))
    assert {"demo", "lm_avt_demo_seeds"} <= set(candidates(["/usr/bin/snakemake", "--cores", "2"]))
    assert candidates(["foretaste", "../no tool"]) == ["--help"]


def test_no_workflow_here(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert candidates(["snakemake"]) == []
    assert main(["completion", "words", "--", "foretaste", "fetch", "re"]) == 0
    assert capsys.readouterr().out.split() == ["recipe1m"]


ASK = {
    "bash": "source <(foretaste completion bash); COMP_WORDS=(foretaste doctor epic); COMP_CWORD=2;"
    ' _foretaste_complete; printf "%s\\n" "${COMPREPLY[@]}"',
    "zsh": "autoload -U +X compinit && compinit -u; source <(foretaste completion zsh);"
    " whence -w _foretaste_complete && foretaste completion words -- foretaste doctor epic",
    "fish": "foretaste completion fish | source; complete -C 'foretaste doctor epic'",
}


@pytest.mark.parametrize("shell", ASK)
def test_the_shell_offers_them(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    command = tmp_path / "foretaste"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m foretaste "$@"\n')
    command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(Path(ROOT, "src"))
    done = subprocess.run(
        [shell, "-c", ASK[shell]], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert {"epic100", "epic55", "epic55_verbs"} <= set(done.stdout.split()), done.stderr
