"""What people mistype, and folders that cannot be written: one line each, never a traceback, never an empty
success.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

pytestmark = pytest.mark.slow

SENTENCES = "results/text/kitchen_micro/sentences.parquet"
MICRO = ("--config", "dataset=kitchen_micro")
EPIC = ("dataset=epic55", "systems=lm_avt_counts")

#: Target and settings -> what the one line says.
MISTAKES = {
    "a dataset": ("teachers", ("dataset=epic5",), "unknown dataset 'epic5'.*did you mean 'epic55'"),
    "a system": (
        "teachers",
        ("systems=lm_avt_dmo",),
        "unknown system 'lm_avt_dmo'.*did you mean 'lm_avt_demo'",
    ),
    "a system that does not fit": (
        "lm_avt_demo",
        ("dataset=epic55",),
        "not made for the dataset epic55.*one of lm_avt, lm_avt_counts",
    ),
    "its seeds": (
        "lm_avt_demo_seeds",
        ("dataset=egtea_s1",),
        "not made for the dataset egtea_s1.*one of lm_avt",
    ),
    "one of the run's systems": (
        "teachers",
        ("dataset=epic55", "systems=[lm_avt,lm_avt_demo]"),
        "lm_avt_demo is not made for",
    ),
    "the default dataset": (
        "lm_avt_published",
        (),
        "not made for the dataset kitchen.*one of .*lm_avt, lm_avt_demo",
    ),
    "a path of another system": (
        "results/epic55/lm_avt_demo/report.html",
        (),
        "not made for the dataset epic55",
    ),
    "seeds": ("teachers", ("seeds=abc",), "wrong value 'abc'.*config.yaml.seeds.*a whole number"),
    "a number": ("teachers", ("dataset=55",), "wrong value 55.*config.yaml.dataset.*a text"),
    "a choice": ("teachers", ("on_bad_input=maybe",), "unknown value 'maybe'.*one of fail, skip"),
    "a key": ("teachers", ("sedes=[0]",), "unknown key 'sedes'.*did you mean 'seeds'"),
    "no data": (
        "teachers",
        (*EPIC, "data_root=/nowhere"),
        "missing file: /nowhere/epic55/EPIC_train_action_labels.csv",
    ),
    "data in a file": ("teachers", (*EPIC, "data_root=README.md"), "missing file: README.md/epic55/"),
    "no recipes": (
        "results/text/layer1/phrases.parquet",
        ("dataset=epic55", "recipes=/nowhere/layer1"),
        "missing file: /nowhere/layer1",
    ),
    "recipes in a folder": (
        "results/text/docs/phrases.parquet",
        ("dataset=epic55", "recipes=docs"),
        "a folder where a file should be: docs",
    ),
    "results in a file": (
        "teachers",
        ("results_root=README.md/results",),
        "README.md is no folder.*results_root",
    ),
    "a variable": ("teachers", ("results_root=$NOWHERE_SET/x",), "NOWHERE_SET is not set"),
    "a model": (
        "results/kitchen/lm_avt_demo/seed0/student_ml/metrics.json",
        (),
        "unknown model 'student_ml'.*'student_lm'",
    ),
    "a target": ("lm_avt_dem", (), "unknown target 'lm_avt_dem': command line: .*did you mean 'lm_avt_demo'"),
    "a file of a result": (
        "results/kitchen/lm_avt_demo/seed0/student_lm/metric.json",
        (),
        "no result of the workflow .*did you mean results/kitchen/lm_avt_demo/seed0/student_lm/metrics.json",
    ),
    "a path that is no result": ("x/report.html", (), "no result of the workflow 'x/report.html'"),
}


@pytest.mark.parametrize(("target", "settings", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line(started, target, settings, said):
    done = started.snakemake("-n", target, *(["--config", *settings] if settings else []), check=False)
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert done.returncode == 1 and len(errors) == 1 and "Traceback" not in done.stdout, done.stdout[-3000:]
    assert re.search(said, errors[0]), errors[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds: [7]", "not YAML .*the key 'seeds' occurs twice"),
        ("view: 2026-13-45", "not YAML .*month must be in"),
        ("recipes: [", "not YAML"),
    ],
)
def test_a_mistake_in_config_yaml_is_one_line(started, text, said):
    whole = (started.folder / "config.yaml").read_text()
    try:
        (started.folder / "config.yaml").write_text(f"{whole}\n{text}\n")
        done = started.snakemake("-n", "teachers", check=False)
    finally:
        (started.folder / "config.yaml").write_text(whole)
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert done.returncode == 1 and len(errors) == 1 and "Traceback" not in done.stdout, done.stdout[-3000:]
    assert re.search(f"{said}.*config.yaml", errors[0]), errors[0]


def test_a_mistake_in_another_file_of_settings_is_one_line(started):
    (started.folder / "mine.yaml").write_text("seeds: [1]\nseeds: [2]\n")
    done = started.snakemake("-n", "teachers", "--configfile", "mine.yaml", check=False)
    assert done.returncode == 1
    assert re.search(r"^error: not YAML .*the key 'seeds' occurs twice.*mine\.yaml", done.stdout, re.M)


def read_only(checkout, *command):
    """Run ``command`` where the results can be read and not written."""
    script = 'mount --bind results results && mount -o remount,ro,bind results && exec "$@"'
    return checkout.run("unshare", "-m", "sh", "-c", script, "sh", *command, check=False)


@pytest.fixture
def mounts():
    if os.getuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        pytest.skip("only root can mount the results read-only")


def test_results_that_can_only_be_read(started, mounts):
    run = ("snakemake", "--quiet", "host", "--cores", "1")
    dry = read_only(started, *run, "-n", SENTENCES, *MICRO, "on_bad_input=skip")
    assert dry.returncode == 0 and ": read_recipes results/" in dry.stdout, dry.stdout[-3000:]
    assert "Nothing to be done" in read_only(started, *run, SENTENCES, *MICRO).stdout
    real = read_only(started, *run, "results/kitchen/world/recipes/manifest.json")
    errors = [line for line in real.stdout.splitlines() if line.startswith("error: ")]
    assert real.returncode == 1 and len(errors) == 1 and "Traceback" not in real.stdout, real.stdout[-3000:]
    assert "Read-only file system: results/" in errors[0]
