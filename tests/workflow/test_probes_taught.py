"""Probes on networks of others, alone and taught by a language model, on the generated kitchen: three seeds,
and their differences with intervals. The networks are made here and know nothing: the numbers mean nothing.
"""

from __future__ import annotations

import json

import pytest
import vision_folders

from foretaste.features.store import FeatureStore

pytestmark = pytest.mark.slow

GEOMETRY = {"size": 32, "scoring_side": 36, "training_sides": [34, 40]}
CLIP = {"kind": "clip", "frames": 4, "rate": 5.0, "geometry": GEOMETRY}
LABELS = {"loss": {"kind": "cross_entropy"}, "of": "action"}
TAUGHT = {
    "loss": {"kind": "topk_kl", "k": 5, "temperature": 2.0, "t_squared": True, "renormalise": "both"},
    "of": "action",
    "to": "teacher_lm",
}
MICRO_TEACHER = "results/kitchen_micro/lm_avt_micro/seed0/teacher_lm"
#: Of the models of lm_avt_micro the language model's teacher stays, which is trained already.
OTHERS = (
    "teacher_unigram", "teacher_bigram", "teacher_trigram", "teacher_counts", "teacher_recipe_lm",
    "teacher_lm_counts", "teacher_lm_counts_prior", "student_baseline", "student_smoothed", "student_lm",
    "student_recipe_lm",
)  # fmt: skip


def backbone(architecture, **network):
    return {
        "init": f"weights/{architecture}", "grid": {"fps": 1.0, "batch": 8}, "view": CLIP,
        "network": {"kind": "pretrained_vision", "pool": "steps", **network},
    }  # fmt: skip


def probe(reads, future, *terms):
    return {
        "role": "student", "label": f"probe on {reads}{', taught' if terms else ''}", "backbone": reads,
        "view": {"kind": "features", "frames": 1, "rate": 1.0},
        "network": {"kind": "attentive_probe", "layers": 1, "heads": 2, "future": future},
        "objective": [LABELS, *terms],
        "training": {"epochs": 2, "batch": 8, "optimizer": {"kind": "adamw", "lr": 1e-3}},
    }  # fmt: skip


PRESET = {
    "base": "lm_avt_micro",
    "title": "Probes, and what a language model teaches them",
    "study_seeds": [0, 1, 2],
    # VideoMAE imagines nothing: its probe has a mask for the step to come, which V-JEPA 2 imagines itself.
    "backbones": {
        "frames_micro": None,
        "videomae": backbone("videomae"),
        "vjepa2": backbone("vjepa2", imagine=[2]),
    },
    "models": {
        **dict.fromkeys(OTHERS),
        "student_videomae": probe("videomae", 1),
        "student_videomae_lm": probe("videomae", 1, TAUGHT),
        "student_vjepa2": probe("vjepa2", 0),
        "student_vjepa2_lm": probe("vjepa2", 0, TAUGHT),
    },
    "comparisons": [["student_videomae_lm", "student_videomae"], ["student_vjepa2_lm", "student_vjepa2"]],
    "tables": {},
}


@pytest.fixture(scope="module")
def results(own, finished):
    (own.folder / "workflow/systems/probes.yaml").write_text(json.dumps(PRESET))
    for name in ("videomae", "vjepa2"):
        vision_folders.write(own.folder / "data" / "weights" / name, name)
    run = ("dataset=kitchen_micro", "systems=probes", f"stores=[{finished.folder}/results]")
    own.snakemake("probes_seeds", "--config", *run)
    return own.folder / "results" / "kitchen_micro"


def test_what_the_probes_read(results):
    for name in ("videomae", "vjepa2"):
        store = FeatureStore(sorted((results / "features" / name).glob("*.h5")))
        steps = 2 + (name == "vjepa2")
        assert store.shape == (steps, 24), "two steps of the clip, and what is imagined of the one to come"


def test_three_seeds_and_what_teaching_gives_with_an_interval(results):
    summary = json.loads((results / "probes/seeds/summary.json").read_text())
    for model in ("student_videomae", "student_videomae_lm", "student_vjepa2", "student_vjepa2_lm"):
        assert len(summary["arms"][model]["action"]["class_mean_recall5"]["values"]) == 3
    primary = [one for one in summary["comparisons"] if one["metric"] == summary["primary_metric"]]
    assert [[one["a"], one["b"]] for one in primary] == PRESET["comparisons"]
    for one in primary:
        assert one["unit"] == "video+seed" and one["low"] < one["difference"] < one["high"]


def test_the_teacher_that_was_trained_already_is_not_trained_again(results, finished):
    teachers = [results / "probes/seed0/teacher_lm", finished.folder / MICRO_TEACHER]
    digests = {json.loads((one / "scores/manifest.json").read_text())["identity"] for one in teachers}
    assert len(digests) == 1
