"""Backbones that others published: where they come from, and that nothing is trained for them."""

from __future__ import annotations

import json

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.video_plan import VideoPlan
from foretaste.settings.catalogue import Catalogue

SEEN = {"grid": {"fps": 1.0}, "view": {"kind": "frames"}}
TRAINED = {"objective": [{"loss": {"kind": "cross_entropy"}, "of": "action"}],
           "training": {"epochs": 1, "batch": 4, "optimizer": {"kind": "adamw", "lr": 1e-3}}}  # fmt: skip
BACKBONES = {
    "dino": {**SEEN, "init": "facebook/dinov2-small", "network": {"kind": "pretrained_vision"}},
    "vit": {
        "grid": {"fps": 1.0}, "view": {"kind": "frames", "picture": {"height": 224, "width": 224}},
        "network": {"kind": "vit", "weights": "weights/vit.safetensors"},
    },
    "tuned": {
        **SEEN, **TRAINED, "init": "facebook/dinov2-small",
        "network": {"kind": "pretrained_vision", "classify": ["action"]},
    },
}  # fmt: skip


def plan(folder, backbones) -> VideoPlan:
    copy_workflow(folder)
    preset = {"base": "lm_avt_micro", "backbones": backbones}
    (folder / "workflow" / "systems" / "seeing.yaml").write_text(json.dumps(preset))
    run = {"dataset": "kitchen_micro", "systems": "seeing", "data_root": "here"}
    return VideoPlan(Catalogue(run, folder))


@pytest.mark.parametrize(
    ("backbone", "inputs"),
    [
        ("dino", {"pretrained": "results/weights/facebook-dinov2-small"}),
        ("vit", {"weights": "here/weights/vit.safetensors"}),
        (
            "tuned",
            {
                "pretrained": "results/weights/facebook-dinov2-small",
                "checkpoint": "results/kitchen_micro/backbones/tuned/checkpoint",
            },
        ),
    ],
)
def test_features_are_made_by_what_was_published_or_by_what_it_became(tmp_path, backbone, inputs):
    planned = plan(tmp_path, BACKBONES).extract_features("kitchen_micro", backbone, "0").inputs
    ways = ("checkpoint", "pretrained", "weights")
    assert {name: path for name, path in planned.items() if name in ways} == inputs


def test_a_training_starts_from_what_was_published(tmp_path):
    planned = plan(tmp_path, BACKBONES).train_backbone("kitchen_micro", "tuned")
    assert planned.inputs["pretrained"] == "results/weights/facebook-dinov2-small"


@pytest.mark.parametrize(
    ("backbone", "message"),
    [
        ({**SEEN, "network": {"kind": "vit"}}, "starts from published weights"),
        ({**SEEN, "network": {"kind": "pretrained_vision"}}, "init goes with"),
        ({**SEEN, "init": "minilm", "network": {"kind": "vit"}}, "init goes with"),
        ({"grid": {"fps": 1.0}, "files": "a.h5", "init": "minilm"}, "nothing else but a grid"),
        ({**SEEN, "network": {"kind": "vit", "weights": "a"}, "training": TRAINED["training"]}, "objective"),
        (
            {**BACKBONES["dino"], "view": {"kind": "clip", "window": "target"}},
            "a backbone of clips knows no window",
        ),
        ({"grid": {"fps": 1.0}, "network": {"kind": "vit"}}, "either files, or view and network"),
    ],
)
def test_backbones_that_cannot_be(tmp_path, backbone, message):
    with pytest.raises(ConfigError, match=message):
        plan(tmp_path, {"other": backbone}).extract_features("kitchen_micro", "other", "0")
