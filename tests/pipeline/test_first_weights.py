"""Published weights that a network starts from: an input of its training, and of nothing after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.first_weights import first_weights, trained
from foretaste.pipeline.plan import Plan

ROOT = Path(__file__).parents[2]
NETWORK = {"kind": "avt", "layers": 2, "backbone": {"kind": "vit", "weights": "weights/a.pth", "width": 8}}
STUDENT = {"dataset": "egtea_s1", "system": "lm_avt", "seed": "0", "model": "student_recipe_lm"}


def test_a_part_of_a_network_may_name_them():
    assert first_weights(NETWORK) == "weights/a.pth"
    assert first_weights({"kind": "vit", "weights": "b.safetensors"}) == "b.safetensors"
    assert first_weights({"kind": "avt", "backbone": {"kind": "vit", "weights": None}}) is None
    with pytest.raises(ConfigError, match=r"several files of weights: b\.pth, weights/a\.pth"):
        first_weights({**NETWORK, "weights": "b.pth"})


def test_a_trained_network_is_described_without_them():
    assert trained(NETWORK) == {"kind": "avt", "layers": 2, "backbone": {"kind": "vit", "width": 8}}
    assert NETWORK["backbone"]["weights"] == "weights/a.pth", "the settings stay as they are"


def describe(stage, data_root):
    catalogue = Catalogue({"dataset": "egtea_s1", "data_root": data_root, "recipes": "layer1.json"}, ROOT)
    return Plan(catalogue).describe(stage, STUDENT)


def test_they_are_an_input_of_training_and_the_place_of_data_is_no_part_of_its_settings():
    train = describe("train", "elsewhere")
    assert train.inputs["weights"] == "elsewhere/weights/jx_vit_base_p16_224-80ecf9dd.pth"
    assert "elsewhere" not in json.dumps(train.config)
    assert train.config == describe("train", "here").config


def test_scoring_does_not_know_them():
    score = describe("score", "elsewhere")
    assert "weights" not in score.inputs and '"weights"' not in json.dumps(score.config)
    assert "jx_vit" not in json.dumps(score.config)
    assert score.config["model"]["network"]["backbone"] == {"kind": "vit"}
