"""Every command in README and docs runs: on the micro run where it names the demo's files, as a dry run where
it needs real data.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from conftest import Checkout

ROOT = Path(__file__).parents[2]

#: What pages call a folder of results that several people share.
SHARED = "/shared/foretaste"

#: The demo's files -> the same files of the micro run.
MICRO = {
    "results/kitchen/features/frames": "results/kitchen_micro/features/frames_micro",
    "results/kitchen/lm_avt_demo": "results/kitchen_micro/lm_avt_micro",
    "results/kitchen/": "results/kitchen_micro/",
    "videos/P13_01": "videos/P03_01",
    "results/lm/kitchen/minilm_recipes_kitchen": "results/lm/kitchen_micro/minilm_recipes_micro",
    "results/text/kitchen/": "results/text/kitchen_micro/",
}


PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def blocks(language: str) -> list[str]:
    """The blocks of all pages that are marked with ``language``."""
    return [
        block
        for page in PAGES
        for block in re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    ]


def commands() -> list[str]:
    """The lines of all blocks that are marked ``sh``, continued lines joined, each once."""
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return list(dict.fromkeys(line for line in lines if line.strip() and not line.startswith("#")))


def micro(text: str) -> str:
    for demo, small in MICRO.items():
        text = text.replace(demo, small)
    return re.sub(r"\bdataset=kitchen\b", "dataset=kitchen_micro", text)


@pytest.fixture(scope="module")
def reader(finished, tmp_path_factory) -> Checkout:
    """Somebody who follows the pages: the finished run, which the commands may change, and what pages take to
    be there: an export, scores of elsewhere, and a folder that results are shared in.
    """
    folder = tmp_path_factory.mktemp("reader") / "foretaste"
    shutil.copytree(finished.folder, folder, symlinks=True)
    reader = Checkout(folder)
    reader.run("cp", "-rL", "results/kitchen_micro/lm_avt_micro/seed0/teacher_lm/scores", "their_scores")
    for begins in ("foretaste scores export", "foretaste store publish", "foretaste export"):
        line, *_ = (line for line in commands() if line.startswith(begins))
        reader.run(*words_of(line, reader))
    return reader


def words_of(line: str, reader: Checkout) -> list[str]:
    """The words of a command, on the micro run and in the reader's own folders."""
    return shlex.split(micro(line).replace(SHARED, f"{reader.folder}/shared"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", [line for line in commands() if not line.startswith(("make ", "python bench/"))]
)
def test_a_documented_command_runs(line, reader, request):
    words = words_of(line, reader)
    if words[0] == "snakemake":
        if "data_root=DIR" in words:
            data = str(request.getfixturevalue("real_data"))
            words = [
                word.replace("DIR", data).replace("recipes=layer1.json", f"recipes={data}/layer1.json")
                for word in words
            ]
        words = [
            "snakemake",
            "-n",
            "--cores",
            "2",
            *(word for word in words[1:] if word not in ("-n", "--cores", "2")),
        ]
        if "--profile" in words:
            words[words.index("--profile") + 1] = str(
                without_executor(reader.folder / words[words.index("--profile") + 1])
            )
    done = reader.run(*words)
    assert "Traceback" not in done.stdout


def without_executor(profile: Path) -> Path:
    """The profile as it is but for the settings of the Slurm plugin, which is not installed here."""
    copy = profile.with_name(f"{profile.name}_here")
    copy.mkdir(exist_ok=True)
    lines = (profile / "profile.yaml").read_text().splitlines()
    (copy / "profile.yaml").write_text(
        "\n".join(line for line in lines if not line.startswith(("executor:", "slurm-"))) + "\n"
    )
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("console"))
def test_a_documented_dialogue_is_true(block, reader, request, tmp_path):
    """A line after ``$ `` is run by a shell; what follows it is what it prints. Pages call a folder with the
    real label files, and no videos, /data.
    """
    if "data_root=/data" in block:
        for name in ("epic55", "rulstm"):
            (tmp_path / name).symlink_to(request.getfixturevalue("shared_data") / name)
        block = block.replace("/data", str(tmp_path))
    command, _, printed = block.removeprefix("$ ").partition("\n")
    assert reader.run("bash", "-c", command).stdout == printed


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("python"))
def test_a_documented_program_runs(block, reader):
    reader.run("python", "-c", micro(block))


def test_every_block_of_commands_is_marked():
    for block in blocks(""):
        assert not re.search(r"^(\$ )?(foretaste|snakemake|python|pip|make|torchrun) ", block, re.M), block


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
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
