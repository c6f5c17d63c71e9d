"""The command line itself: version, help, and what it says to a wrong word."""

from __future__ import annotations

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
