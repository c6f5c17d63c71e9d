"""Every preset dry-runs on the datasets that it is made for, and a dry run is quick and free of torch."""

from __future__ import annotations

import shutil

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def real(fresh, shared_data):
    """A checkout beside the real label files, with stand-ins for the videos and features that cannot be had here."""
    folder = fresh.folder / "real"
    for name in ("epic55", "rulstm"):
        shutil.copytree(shared_data / name, folder / name)
    for name in ("epic55/videos/P01_01.MP4", "egtea/videos/OP01-R01-PastaSalad.mp4", "features/ircsn152/0.h5", "layer1.json"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return fresh


@pytest.mark.parametrize(("dataset", "system"), [("epic55", "lm_avt"), ("egtea_s1", "lm_avt")])
def test_real_datasets_dry_run(real, dataset, system):
    settings = ("--config", f"dataset={dataset}", "data_root=real", "recipes=real/layer1.json")
    text = real.snakemake("-n", system, *settings).stdout
    assert "rule pretrain" in text and "student_recipe_lm" in text
    text = real.snakemake("-n", "teachers", *settings, "history_rule=end").stdout
    assert "teacher_counts" in text and "student" not in text and "extract_features" not in text


@pytest.mark.parametrize("target", ["demo", "demo_worlds", "lm_avt_demo_seeds", "features", "teachers"])
def test_named_targets_dry_run(fresh, target):
    assert "Job stats" in fresh.snakemake("-n", target).stdout


def test_a_dry_run_does_not_import_torch(fresh):
    code = "import sys; from snakemake.cli import main; sys.argv = ['snakemake', '-n', 'demo', '--quiet']\ntry:\n main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
    fresh.run("python", "-c", code)
