"""The command line itself: version, help, and what it says to a wrong word."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from foretaste.__main__ import main

ROOT = Path(__file__).parents[2]


def test_the_version_is_the_package_s(capsys):
    assert main(["--version"]) == 0
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert capsys.readouterr().out == f"foretaste {project['version']}\n"


@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"], ["-v", "help"]])
def test_help_lists_tools_and_stages(words, capsys):
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "foretaste help" in shown and "\n  openie " in shown and "\n  train " in shown


@pytest.mark.parametrize("command", ["openie", "train", "evaluate"])
def test_help_on_a_command_is_the_command_s_own(command, capsys):
    shown = []
    for words in (["help", command], [command, "--help"]):
        with pytest.raises(SystemExit, match="0"):
            main(words)
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] and shown[0].startswith(f"usage: foretaste {command} ")


@pytest.mark.parametrize("words", [["help", "opneie"], ["opneie"], ["--versoin"], []])
def test_a_wrong_word_is_wrong_usage(words, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert (not words and "usage" in said.out) or said.err.startswith("error: unknown command")


@pytest.mark.parametrize("text", ["[]", "{}", "not JSON", '{"spec": 3}'])
def test_a_step_that_is_none_is_one_line(text, tmp_path, capsys):
    (tmp_path / "step.json").write_text(text)
    assert main(["train", "--step", str(tmp_path / "step.json")]) == 1
    assert capsys.readouterr().err.startswith("error: not a step: ")


PIPED = {
    "help": ["help"],
    "a tool": ["config", "lm_avt_demo", "kitchen"],
    "a tool that does nothing else": ["targets"],
    "a tool with a stream of its own": ["openie", "-"],
}


@pytest.mark.parametrize("buffered", [True, False], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("words", PIPED.values(), ids=PIPED)
def test_who_reads_no_further_ends_a_command_in_silence(words, buffered):
    """As `| head -1` does; 141 is what a shell says of a program that the closed pipe ended."""
    read, write = os.pipe()
    os.close(read)
    unbuffered = {} if buffered else {"PYTHONUNBUFFERED": "1"}
    own = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "foretaste", *words],
            input=b"Stir the soup.\n",
            stdout=write,
            stderr=subprocess.PIPE,
            env=own | unbuffered,
            cwd=ROOT,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_an_interrupt_is_one_line_wherever_it_strikes(tmp_path):
    """Within code made from text too: so it is while dataclasses are imported."""
    interrupted = "exec('raise KeyboardInterrupt')"
    text = (
        "import sys\nimport foretaste.__main__ as command\n"
        f"command._run = lambda argv: {interrupted}\nsys.exit(command.main([]))\n"
    )
    (tmp_path / "interrupted.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_an_error_that_nobody_reads_ends_in_silence_too():
    command = f"{sys.executable} -m foretaste config no kitchen 2>&1 | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.stdout, done.stderr) == ("141\n", "")


def test_another_pipe_that_breaks_is_an_error(monkeypatch, capsys):
    def torn(_):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("foretaste.tools.store.run", torn)
    assert main(["store", "ls"]) == 1
    assert capsys.readouterr().err.startswith("error: Broken pipe")


def test_an_interrupt_before_there_is_a_command_leaves_no_traceback():
    """`python -m foretaste` finds this word while it imports the package."""
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); sys.argv = ['-m'];"
        " import foretaste; print(signal.getsignal(signal.SIGINT).name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "SIG_DFL"
