"""Every preset dry-runs on the datasets that it is made for, and a dry run is quick and free of torch."""

from __future__ import annotations

import re

import pytest

from foretaste.annotations import jhmdb, thumos14


@pytest.mark.slow
@pytest.mark.parametrize(
    "system", ["lm_avt", "lm_avt_published", "lm_avt_published_text", "lm_avt_published_lms"]
)
@pytest.mark.parametrize("dataset", ["epic55", "egtea_s1"])
def test_real_datasets_dry_run(fresh, real_data, dataset, system):
    settings = (
        "--config",
        f"dataset={dataset}",
        f"data_root={real_data}",
        f"recipes={real_data}/layer1.json",
    )
    text = fresh.snakemake("-n", system, *settings).stdout
    assert ": pretrain results/" in text and "student_recipe_lm" in text
    text = fresh.snakemake("-n", "teachers", *settings, "history_rule=end").stdout
    assert "teacher_counts" in text and "student" not in text and "extract_features" not in text


@pytest.mark.slow
def test_splits_that_are_pooled_are_each_trained_on(fresh, real_data):
    settings = ("--config", "dataset=egtea", "systems=lm_avt_counts", f"data_root={real_data}")
    text = fresh.snakemake("-n", "teachers", *settings).stdout
    for split in ("egtea_s1", "egtea_s2", "egtea_s3"):
        assert f"train results/{split}/lm_avt_counts/seed0/teacher_counts/" in text
    assert "report results/egtea/lm_avt_counts/teachers/summary.json" in text


@pytest.mark.slow
def test_small_students_dry_run(fresh, real_data):
    settings = ("--config", "dataset=epic55", f"data_root={real_data}", f"recipes={real_data}/layer1.json")
    jobs = fresh.planned("lm_avt_small", *settings)
    students = {f"train student_{name}" for name in ("baseline", "smoothed", "lm", "recipe_lm")}
    assert students <= jobs and "train teacher_recipe_lm" in jobs and "extract_features" not in jobs


@pytest.mark.slow
def test_probes_on_a_published_network_dry_run(fresh, real_data):
    settings = ("--config", "dataset=epic55", f"data_root={real_data}", f"recipes={real_data}/layer1.json")
    jobs = fresh.planned("lm_probe", *settings)
    students = {f"train student_{name}" for name in ("baseline", "smoothed", "lm", "recipe_lm")}
    assert students | {"fetch_weights", "extract_features", "train teacher_recipe_lm"} <= jobs
    assert "train_backbone" not in jobs


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["epic55", "egtea_s1"])
@pytest.mark.parametrize(
    ("system", "some"),
    [("lm_avt_teachers", "teacher_seeds_counts_prior"), ("lm_avt_decoder", "teacher_decoder_counts")],
)
def test_text_teachers_dry_run(fresh, real_data, dataset, system, some):
    settings = (
        "--config",
        f"dataset={dataset}",
        f"systems={system}",
        f"data_root={real_data}",
        f"recipes={real_data}/layer1.json",
    )
    text = fresh.snakemake("-n", "teachers", *settings, "seeds=[0,1,2]").stdout
    assert some in text and "student" not in text and "extract_features" not in text
    # An average over seeds is made once, of the models of all seeds.
    made = re.findall(r"^Job \d+: average \S*/teacher_lm_seeds/scores \(", text, re.M)
    assert len(made) == (system == "lm_avt_teachers")
    assert all(f"seed{seed}/teacher_lm/scores (" in text for _ in made for seed in (0, 1, 2))


@pytest.mark.slow
def test_weights_that_are_not_there_are_named(fresh, real_data, tmp_path):
    """They are an input of the students that start from them, and of nothing else."""
    (tmp_path / "data").mkdir()
    for part in real_data.iterdir():
        if part.name != "weights":
            (tmp_path / "data" / part.name).symlink_to(part)
    settings = (
        "--config",
        "dataset=egtea_s1",
        f"data_root={tmp_path}/data",
        f"recipes={real_data}/layer1.json",
    )
    text = fresh.snakemake("-n", "lm_avt", *settings, check=False).stdout
    assert re.search("^error: missing file: .*weights/jx_vit_base_p16_224-80ecf9dd.pth: ", text, re.M)
    assert "Job stats" in fresh.snakemake("-n", "teachers", *settings).stdout


#: Files below data_root that are there, and empty.
OF_THE_FUTURE = {
    "jhmdb": (
        *(f"jhmdb/splits/{name}_test_split{k}.txt" for name in jhmdb.CLASSES for k in (1, 2, 3)),
        "jhmdb/videos/wave/Who's #1 & (why)!.avi",
    ),
    "thumos14": (
        *(f"{thumos14.Config().validation}/{name}_val.txt" for name in thumos14.CLASSES),
        *(f"{thumos14.Config().test}/{name}_test.txt" for name in thumos14.CLASSES),
        "thumos14/videos/video_test_0000004.mp4",
    ),
    "epic55_verbs": (
        "epic55/EPIC_train_action_labels.csv", "epic55/EPIC_verb_classes.csv", "epic55/videos/P01_01.MP4",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["jhmdb", "jhmdb_s3", "thumos14", "epic55_verbs"])
def test_the_future_dry_runs_on_its_datasets(fresh, dataset):
    weights = (f"weights/{name}_imagenet.pt" for name in ("rgb", "flow"))
    for name in (*OF_THE_FUTURE[dataset.partition("_s")[0]], *weights):
        path = fresh.folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    jobs = fresh.planned("future", "--config", f"dataset={dataset}")
    streams = [f"student_two_way{stream}" for stream in ("", "_flow")]
    assert {f"train {name}" for name in streams} <= jobs and "average student_two_way_both" in jobs
    assert ("train student_two_way_unlabelled" in jobs) == (not dataset.startswith("jhmdb"))
    # The recognition network is trained once, whatever it is asked about.
    assert "train teacher_future" in jobs or "train teacher_future_early" in jobs
    assert not {"train teacher_future", "train teacher_future_early"} <= jobs


@pytest.mark.slow
@pytest.mark.parametrize("system", ["future_demo", "future_demo_streams", "future_labels", "future_micro"])
def test_the_future_dry_runs_on_the_kitchen(fresh, system):
    dataset = "kitchen_micro" if system == "future_micro" else "kitchen"
    jobs = fresh.planned(system, "--config", f"dataset={dataset}", f"systems={system}")
    assert "train student_baseline" in jobs and "store_frames" in jobs


SLOW_TARGETS = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in (
        "demo_worlds", "future_demo_worlds", "multimodal_demo", "multimodal_demo_worlds", "lanvikd_demo",
        "lanvikd_demo_worlds", "multimodal_labels_worlds", "lm_avt_demo_seeds", "features", "teachers",
    )
]  # fmt: skip


@pytest.mark.parametrize("target", ["demo", *SLOW_TARGETS])
def test_named_targets_dry_run(fresh, target):
    assert "Job stats" in fresh.snakemake("-n", target).stdout


@pytest.mark.slow
def test_a_dry_run_does_not_import_torch(fresh):
    code = (
        "import sys; from snakemake.cli import main; sys.argv = ['snakemake', '-n', 'demo',"
        " '--quiet']\ntry:\n main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
    )
    fresh.run("python", "-c", code)
