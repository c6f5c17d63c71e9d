"""One whole run of the micro world, made once a test session and copied to a checkout for each process of it,
which tests may edit.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hub_cache import put_in_data_root
from made_once import made_once

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "config.yaml", "workflow", "profiles", "src", "bench", "docs", "README.md")
MICRO = ("--config", "dataset=kitchen_micro")
#: What another process may be writing into the byte code of the sources, which a checkout copies.
HALF_WRITTEN = shutil.ignore_patterns("*.pyc.*", ".fingerprints*")

#: The micro world as files that a run is given.
GIVEN = ("dataset=kitchen_given", "recipes=data/world/recipes/layer1.json")
GIVEN_DATASET = """
base: kitchen_micro
title: The micro world, given
world: null
reader: {kind: epic55, official: world/annotations, rulstm: world/annotations}
videos: {folder: world/videos, pattern: "*.mp4"}
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of the repository's working parts."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "PYTHONPATH": str(self.folder / "src"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        return {**os.environ, **own, "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "passive"}

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout; what it prints is in ``stdout``."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}"
        return done

    def snakemake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run("snakemake", "--quiet", "host", "--cores", "2", *arguments, check=check)

    def planned(self, *arguments: str) -> set[str]:
        """The results that a dry run would make: "stage" or "stage model"."""
        text = self.snakemake("-n", *arguments).stdout
        jobs = set()
        for stage, path in re.findall(r"^Job \d+: (\w+) (\S+) \(", text, re.M):
            model = re.search(r"/seed\d+/(\w+)/", path)
            jobs.add(f"{stage} {model[1]}" if model else stage)
        assert jobs or "Nothing to be done" in text or "name_results 0 results" in text, text[-3000:]
        return jobs

    def listing(self) -> list[tuple[str, int]]:
        """Every file and folder among the results, and when it was written."""
        results = self.folder / "results"
        return sorted((str(path), path.lstat().st_mtime_ns) for path in results.rglob("*"))

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{path} does not hold {old!r}"
        file.write_text(text.replace(old, new, 1))


def copy_to(folder: Path) -> Checkout:
    """A fresh checkout without any results."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, symlinks=True, ignore=HALF_WRITTEN)
        elif source.exists():
            shutil.copy(source, folder / part)
    return Checkout(folder)


def finish(folder: Path) -> None:
    """Make the micro run in a checkout of its own."""
    copy_to(folder).snakemake("lm_avt_micro", *MICRO)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, session_folder) -> Checkout:
    """A checkout with the finished micro run; tests that edit it must put back what they change."""
    folder = tmp_path_factory.mktemp("finished") / "foretaste"
    shutil.copytree(made_once(session_folder / "finished", finish), folder, symlinks=True)
    return Checkout(folder)


@pytest.fixture(scope="session")
def started(tmp_path_factory) -> Checkout:
    """A checkout with the sentences of the micro world and nothing else, which take seconds."""
    checkout = copy_to(tmp_path_factory.mktemp("started") / "foretaste")
    checkout.snakemake("results/text/kitchen_micro/sentences.parquet", *MICRO)
    return checkout


@pytest.fixture
def fresh(tmp_path) -> Checkout:
    """A checkout without results."""
    return copy_to(tmp_path / "foretaste")


@pytest.fixture
def world(fresh, finished) -> Checkout:
    """A checkout that is given the files of the micro world (``GIVEN``), for tests to damage."""
    world = fresh.folder / "data" / "world"
    shutil.copytree(finished.folder / "results/kitchen_micro/world", world)
    for path in world.rglob("*.*"):
        path.chmod(0o644)
    (fresh.folder / "workflow/datasets/kitchen_given.yaml").write_text(GIVEN_DATASET)
    return fresh


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Checkout:
    """A checkout without results that the tests of one module fill."""
    return copy_to(tmp_path_factory.mktemp("own") / "foretaste")


@pytest.fixture(scope="session")
def real_data(tmp_path_factory, shared_data) -> Path:
    """A data folder with the real label files, and empty stand-ins for the videos, features and weights that
    cannot be had here.
    """
    import vision_folders  # it imports torch

    folder = tmp_path_factory.mktemp("real")
    for name in ("epic55", "rulstm"):
        shutil.copytree(shared_data / name, folder / name)
    stand_ins = (
        "epic55/videos/P01_01.MP4",
        "egtea/videos/OP01-R01-PastaSalad.mp4",
        "features/ircsn152/0.h5",
        "layer1.json",
    )
    weights = ("weights/jx_vit_base_p16_224-80ecf9dd.pth", "weights/openie-model.2020.03.26.tar.gz")
    for name in (*stand_ins, *weights):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    put_in_data_root(folder)
    vision_folders.write(folder / "weights/vjepa2-vitl-fpc64-256", "vjepa2")
    return folder
