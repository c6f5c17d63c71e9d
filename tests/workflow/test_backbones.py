"""Students on the generated kitchen that read what networks of others see, and one that is trained end to
end on stored frames: through the same stages, from videos to metrics.
"""

from __future__ import annotations

import json

import pytest
import vision_folders

from foretaste.features.store import FeatureStore

pytestmark = pytest.mark.slow

NETWORK = {"kind": "avt", "width": 16, "layers": 1, "heads": 2, "dropout": 0.1}
SHORT = {"epochs": 1, "batch": 8, "optimizer": {"kind": "adamw", "lr": 1e-3}}
LABELS = [{"loss": {"kind": "cross_entropy"}, "of": "action"}]
VIT = {"kind": "vit", "image": 32, "patch": 8, "width": 24, "layers": 1, "heads": 2}
GEOMETRY = {"size": 32, "scoring_side": 36, "training_sides": [34, 40]}
STORES = {"seeing": {"side": 40}}
CLIP = {"kind": "clip", "frames": 4, "rate": 5.0, "geometry": GEOMETRY}


def reads(backbone):
    return {
        "role": "student", "label": backbone, "backbone": backbone,
        "view": {"kind": "features", "frames": 3, "rate": 1.0},
        "network": NETWORK, "objective": LABELS, "training": SHORT,
    }  # fmt: skip


def published(architecture):
    grid, network = {"fps": 1.0, "batch": 8}, {"kind": "pretrained_vision"}
    return {"init": f"weights/{architecture}", "grid": grid, "view": CLIP, "network": network}


PRESET = {
    "title": "Backbones of others",
    "datasets": ["kitchen"],
    "primary_metric": "class_mean_recall5",
    "backbones": {name: published(name) for name in ("videomae", "vjepa2")},
    "frame_stores": STORES,
    "models": {
        "student_baseline": reads("videomae"),
        "student_vjepa2": reads("vjepa2"),
        "student_end_to_end": {
            "role": "student", "label": "AVT-b", "frame_store": "seeing", "view": CLIP,
            "network": {**NETWORK, "backbone": VIT},
            "objective": LABELS, "training": SHORT,
        },
    },
}  # fmt: skip


def test_students_of_published_video_networks_and_one_end_to_end(fresh, finished):
    (fresh.folder / "workflow/systems/seeing.yaml").write_text(json.dumps(PRESET))
    for name in ("videomae", "vjepa2"):
        vision_folders.write(fresh.folder / "data" / "weights" / name, name)
    run = (
        "seeing",
        "--config",
        "dataset=kitchen_micro",
        "systems=seeing",
        f"stores=[{finished.folder}/results]",
    )
    planned = fresh.planned(*run)
    assert {"fetch_weights", "extract_features", "store_frames"} < planned and "train_backbone" not in planned
    fresh.snakemake(*run)
    results = fresh.folder / "results" / "kitchen_micro"
    for name in ("videomae", "vjepa2"):
        store = FeatureStore(sorted((results / "features" / name).glob("*.h5")))
        assert store.origin.width == 24 and '"frames": 4' in store.origin.picture
    for model in PRESET["models"]:
        metrics = json.loads((results / "seeing" / "seed0" / model / "metrics.json").read_text())
        assert metrics["samples"] and metrics["action"]["top5"] is not None
    assert "videomae" in (results / "seeing" / "report.html").read_text()
