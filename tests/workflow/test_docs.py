"""Every command in README and docs runs: on the micro run where it names the demo's files, as a dry run where it needs real data."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

#: The demo's files -> the same files of the micro run.
MICRO = {
    "results/kitchen/lm_avt_demo": "results/kitchen_micro/lm_avt_micro",
    "results/kitchen/": "results/kitchen_micro/",
    "results/lm/kitchen/minilm_recipes_kitchen": "results/lm/kitchen_micro/minilm_recipes_micro",
    "results/text/kitchen/": "results/text/kitchen_micro/",
}


def commands() -> list[str]:
    """The lines of all blocks that are marked ``sh``, continued lines joined, each once."""
    lines: list[str] = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
            lines += [line for line in block.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    return list(dict.fromkeys(lines))


@pytest.mark.parametrize("line", [line for line in commands() if not line.startswith(("make ", "python bench/"))])
def test_a_documented_command_runs(line, finished, request):
    for demo, micro in MICRO.items():
        line = line.replace(demo, micro)
    words = shlex.split(line)
    if words[0] == "snakemake":
        if "data_root=DIR" in words:
            data = str(request.getfixturevalue("real_data"))
            words = [word.replace("DIR", data).replace("recipes=layer1.json", f"recipes={data}/layer1.json") for word in words]
        words = ["snakemake", "-n", "--cores", "2", *(word for word in words[1:] if word not in ("-n", "--cores", "2"))]
    done = finished.run(*words)
    assert "Traceback" not in done.stdout


def test_make_targets_exist():
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.M))
    for line in commands():
        if line.startswith("make "):
            assert line.split()[1] in targets, line


def test_bench_scripts_exist():
    for line in commands():
        if line.startswith("python bench/"):
            assert (ROOT / line.split()[1]).exists(), line


def test_links_and_pictures_exist():
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
