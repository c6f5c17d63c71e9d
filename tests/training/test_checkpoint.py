"""Checkpoints: what is written is what is loaded, or it is an error."""

from __future__ import annotations

import json

import pytest
import torch
from damage import damaged, malformed, outcomes
from safetensors.torch import load_file, save_file
from spaces import verb_noun
from tiny_training import TinyNet
from torch import nn

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Sources
from foretaste.settings import families
from foretaste.training.checkpoint import load_model, load_weights, save_model, weights

SPACE = verb_noun(
    action=("a", "b", "c"), verb=("v",), noun=("n", "m"), action_verb=(0, 0, 0), action_noun=(0, 1, 0)
)
NETWORK = {"kind": "avt", "width": 8, "layers": 1, "heads": 2, "dropout": 0.1, "positions": 4, "past": True}
SOURCES = Sources(classes=SPACE, feature_width=5)


@pytest.fixture
def saved(tmp_path):
    model = families.build("models", NETWORK, sources=SOURCES)
    save_model(tmp_path, model, NETWORK, SPACE, {"seed": 3})
    return model, tmp_path


def test_round_trip(saved):
    model, folder = saved
    loaded, manifest = load_model(folder, SOURCES)
    assert manifest["seed"] == 3
    assert manifest["parameters"] == sum(parameter.numel() for parameter in model.parameters())
    batch = Batch(ids=("x",), inputs={"features": torch.randn(1, 3, 5)})
    assert torch.equal(model.eval()(batch).logits["action"], loaded(batch).logits["action"])
    assert not loaded.training


def test_equal_models_give_equal_bytes(saved, tmp_path):
    model, folder = saved
    save_model(tmp_path / "again", model, NETWORK, SPACE, {"seed": 3})
    for path in folder.glob("*.*"):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_damage_and_other_label_spaces_are_refused(saved):
    _, folder = saved
    other = verb_noun(
        action=("a", "c", "b"), verb=("v",), noun=("n", "m"), action_verb=(0, 0, 0), action_noun=(0, 0, 1)
    )
    with pytest.raises(DataError, match="another label space"):
        load_model(folder, Sources(classes=other, feature_width=5))
    with pytest.raises(DataError, match=r"encoder\.weight of shape"):
        load_model(folder, Sources(classes=SPACE, feature_width=6))
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(data))
    with pytest.raises(DataError, match="damaged file"):
        load_model(folder, SOURCES)


def test_a_newer_format_is_refused(saved):
    _, folder = saved
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(DataError, match="format 99"):
        load_model(folder, SOURCES)


def test_300_damaged_and_malformed_manifests_are_one_line_each(saved):
    _, folder = saved
    whole = (folder / "manifest.json").read_bytes()

    def one(seed):
        (folder / "manifest.json").write_bytes(damaged(whole, seed) if seed % 2 else malformed(whole, seed))
        load_model(folder, SOURCES)

    lines, _ = outcomes(one, range(300))
    assert len(lines) > 220


def test_a_missing_file_is_named(saved):
    _, folder = saved
    (folder / "model.safetensors").unlink()
    with pytest.raises(DataError, match=r"damaged file: .*model\.safetensors"):
        load_model(folder, SOURCES)


def test_keys_are_compared_one_by_one(tmp_path):
    model = TinyNet()
    stored = weights(model)
    with pytest.raises(DataError, match=r"missing \['action.bias'\]"):
        load_weights(
            model, {name: tensor for name, tensor in stored.items() if name != "action.bias"}, tmp_path
        )
    with pytest.raises(DataError, match=r"unknown \['more'\]"):
        load_weights(model, {**stored, "more": torch.zeros(1)}, tmp_path)
    with pytest.raises(DataError, match="float64"):
        load_weights(model, {**stored, "action.bias": stored["action.bias"].double()}, tmp_path)


def test_tied_weights_are_kept_once(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(7, 3)
            self.out = nn.Linear(3, 7)
            self.out.weight = self.table.weight
            self.norm = nn.BatchNorm1d(3)

    model, other = Tied(), Tied()
    save_file(weights(model), tmp_path / "w.safetensors")
    assert set(weights(model)) == set(model.state_dict()) - {"out.weight"}
    load_weights(other, load_file(tmp_path / "w.safetensors"), tmp_path)
    assert torch.equal(other.out.weight, model.table.weight)
    assert other.out.weight is other.table.weight
