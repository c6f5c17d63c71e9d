"""What can be asked for by name is listed, and is a target that Snakemake knows."""

from __future__ import annotations

import re
from pathlib import Path

from workflow_copy import ROOT

from foretaste.__main__ import main
from foretaste.settings.result_paths import PATHS


def listed(capsys, *options: str) -> dict[str, str]:
    assert main(["targets", *options]) == 0
    lines = capsys.readouterr().out.splitlines()[:-1]
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines)


def test_every_target_has_a_line(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = listed(capsys)
    assert found["demo"] == "The generated kitchen, world 0, seed 0: every stage once."
    assert found["lm_avt_demo"] == "LM -> AVT on the generated kitchen"
    assert found["lm_avt_demo_seeds"].endswith("all its seeds")
    assert found["lanvikd_demo_worlds"].endswith("worlds 0 to 4, pooled")
    spelt = re.findall(r"^rule (\w+):", Path("Snakefile").read_text(), re.M)
    assert spelt and set(spelt) <= found.keys() and not found.keys() & PATHS.keys()
    assert "lanvikd" not in found and all(found.values())


def test_systems_of_another_dataset(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = listed(capsys, "--config", "dataset=epic55", "--all")
    assert {"lm_avt", "teachers"} <= found.keys()
    assert found["lm_avt_table3"].endswith("(Ghosh et al. 2022, Table 3)")
    assert not {"lm_avt_table4", "lm_avt_teachers_table3"} & found.keys()  # of EGTEA; without its models
    assert found["multimodal"] == "(not on epic55; made for ssv2, something_else, epic100)"
