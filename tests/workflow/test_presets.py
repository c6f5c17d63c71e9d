"""Every preset dry-runs on the datasets that it is made for, and a dry run is quick and free of torch."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("dataset", "system"), [("epic55", "lm_avt"), ("egtea_s1", "lm_avt")])
def test_real_datasets_dry_run(fresh, real_data, dataset, system):
    settings = ("--config", f"dataset={dataset}", f"data_root={real_data}", f"recipes={real_data}/layer1.json")
    text = fresh.snakemake("-n", system, *settings).stdout
    assert "rule pretrain" in text and "student_recipe_lm" in text
    text = fresh.snakemake("-n", "teachers", *settings, "history_rule=end").stdout
    assert "teacher_counts" in text and "student" not in text and "extract_features" not in text


@pytest.mark.parametrize("target", ["demo", "demo_worlds", "lm_avt_demo_seeds", "features", "teachers"])
def test_named_targets_dry_run(fresh, target):
    assert "Job stats" in fresh.snakemake("-n", target).stdout


def test_a_dry_run_does_not_import_torch(fresh):
    code = "import sys; from snakemake.cli import main; sys.argv = ['snakemake', '-n', 'demo', '--quiet']\ntry:\n main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
    fresh.run("python", "-c", code)
