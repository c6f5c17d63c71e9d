"""Published weights that a network starts from: an input of its training, and of nothing after it."""

from __future__ import annotations

import json

import pytest
import stand_ins

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.artifact import sha256
from foretaste.settings.first_weights import first_weights, trained

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


def node(stage, data):
    return stand_ins.graph(data, "egtea_s1").step(stage, STUDENT)


def test_they_are_an_input_of_training_and_the_place_of_data_is_no_part_of_its_record(tmp_path):
    here, elsewhere = (stand_ins.write(tmp_path / name, "egtea_s1") for name in ("here", "elsewhere"))
    train = node("train", here)
    assert train.sources["weights"].path == f"{here}/weights/jx_vit_base_p16_224-80ecf9dd.pth"
    assert train.record["inputs"]["weights"] == sha256(here / "weights/jx_vit_base_p16_224-80ecf9dd.pth")
    assert train.record == node("train", elsewhere).record


def test_scoring_does_not_know_them(tmp_path):
    score = node("score", stand_ins.write(tmp_path, "egtea_s1"))
    config = score.record["config"]
    assert "weights" not in score.sources and '"weights"' not in json.dumps(config)
    assert "jx_vit" not in json.dumps(config)
    assert config["model"]["network"]["backbone"] == {"kind": "vit"}
