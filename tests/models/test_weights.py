import re

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from foretaste.contracts.errors import DataError
from foretaste.models import weight_files, weights
from foretaste.models.avt import Avt, Config
from foretaste.models.vit import Config as VitConfig
from foretaste.models.vit import Vit


def network(seed=0):
    torch.manual_seed(seed)
    vit = Vit(VitConfig(image=16, patch=8, width=8, layers=2, heads=2), {})
    return Avt(
        Config(width=8, layers=2, heads=2, dropout=0.0, positions=4),
        feature_width=8,
        classes={"action": 3},
        backbone=vit,
    )


def test_out_and_in_again_is_the_same_network():
    source, target = network(0), network(1)
    state = weights.export(source, weights.AVT)
    weights.install(target, state, weights.AVT, "file")
    for name, parameter in source.named_parameters():
        assert torch.equal(parameter, dict(target.named_parameters())[name])
    assert "backbone.model.blocks.1.attn.qkv.weight" in state
    assert state["future_predictor.gpt_model.h.1.attn.c_attn.weight"].shape == (8, 24), "stored (in, out)"
    assert state["backbone.model.blocks.1.attn.qkv.weight"].shape == (24, 8), "stored (out, in)"


def test_published_tables_without_parameters_are_passed_over():
    model = network()
    state = weights.export(model, weights.AVT)
    state["future_predictor.gpt_model.h.0.attn.bias"] = torch.ones(1, 1, 4, 4)
    state["future_predictor.gpt_model.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    state["cls_map_verb_action"] = torch.ones(3, 2)
    weights.install(model, state, weights.AVT, "file")


def spoil_missing(state):
    del state["future_predictor.encoder.weight"]
    return "missing future_predictor.encoder.weight, not known none"


def spoil_extra(state):
    state["future_predictor.encoder.bias"] = torch.zeros(8)
    return "missing none, not known future_predictor.encoder.bias"


def spoil_shape(state):
    state["classifiers.action.bias"] = torch.zeros(4)
    return "classifiers.action.bias has shape (4,)"


@pytest.mark.parametrize("spoil", [spoil_missing, spoil_extra, spoil_shape])
def test_weights_that_do_not_fit_are_refused_whole(spoil):
    model = network()
    state = {name: tensor + 1 for name, tensor in weights.export(model, weights.AVT).items()}
    message = spoil(state)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    with pytest.raises(DataError, match=re.escape(message)):
        weights.install(model, state, weights.AVT, "file")
    assert all(torch.equal(before[name], parameter) for name, parameter in model.named_parameters()), (
        "nothing was copied"
    )


def test_files(tmp_path):
    state = weights.export(network(), weights.AVT)
    save_file(state, tmp_path / "a.safetensors")
    torch.save({"model": state, "epoch": 3, "optimizer": {"param_groups": [{"lr": 0.1}]}}, tmp_path / "a.pth")
    flat, entry = (
        weight_files.read(tmp_path / "a.safetensors"),
        weight_files.read(tmp_path / "a.pth", ["model"]),
    )
    for back in (flat, entry):
        assert back.keys() == state.keys()
        assert all(torch.equal(back[name], state[name]) for name in state)


def test_files_that_are_no_weights_are_refused(tmp_path):
    torch.save({"model": nn.Linear(2, 2)}, tmp_path / "code.pth")
    torch.save({"state": {}, "epoch": 1}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("no weights")
    (tmp_path / "text.safetensors").write_text("no weights")
    for name, entry, message in [
        ("absent.pth", None, "missing weights"),
        ("code.pth", "model", "unreadable weights"),
        ("text.pth", None, "unreadable weights"),
        ("text.safetensors", None, "unreadable weights"),
        ("other.pth", "model", "no entry 'model'"),
        ("other.pth", None, "not a table of tensors"),
    ]:
        with pytest.raises(DataError, match=message):
            weight_files.read(tmp_path / name, [] if entry is None else [entry])


def test_our_own_file_says_how_its_network_reads_pixels(tmp_path):
    """Weights trained on BGR never start a network that reads RGB."""
    settings = VitConfig(image=16, patch=8, width=8, layers=1, heads=2, pixels={"order": "bgr"})
    torch.manual_seed(0)
    source, target = Vit(settings, {"action": 3}), Vit(settings, {"action": 5})
    weights.write(source, weights.VIT, tmp_path / "vit.safetensors")
    weights.start_from(target, tmp_path / "vit.safetensors", [weights.VIT])
    assert torch.equal(source.pos_embed, target.pos_embed)
    other = Vit(settings.model_copy(update={"pixels": VitConfig().pixels}), {})
    with pytest.raises(DataError, match=r"weights that read pixels as .*bgr.*rgb.*set pixels"):
        weights.start_from(other, tmp_path / "vit.safetensors", [weights.VIT])


def test_names_of_a_wrapped_network_and_the_layout_that_fits(tmp_path):
    """DataParallel and torch.compile put their own prefix before every name."""
    settings = VitConfig(image=16, patch=8, width=8, layers=1, heads=2)
    torch.manual_seed(0)
    source, target = Vit(settings, {}), Vit(settings, {})
    turned = weights.Layout(renames=(("^", "net."),), entry="state_dict")
    state = {f"_orig_mod.{name}": tensor for name, tensor in weights.export(source, turned).items()}
    torch.save({"state_dict": state, "epoch": 1}, tmp_path / "vit.pth")
    weights.start_from(target, tmp_path / "vit.pth", [weights.VIT, turned])
    assert torch.equal(source.pos_embed, target.pos_embed)


def test_constant_tables_are_compared_and_second_copies_written():
    model = nn.Module()
    model.linear = nn.Linear(2, 2)
    model.register_buffer("table", torch.arange(3), persistent=False)
    layout = weights.Layout(constant="^table$", copies=(("^linear", "spare"),), ignored="^spare")
    state = weights.export(model, layout)
    assert set(state) == {"linear.weight", "linear.bias", "table", "spare.weight", "spare.bias"}
    weights.install(model, state, layout, "file")
    weights.install(model, {name: state[name] for name in ("linear.weight", "linear.bias")}, layout, "file")
    with pytest.raises(DataError, match="table is another table"):
        weights.install(model, {**state, "table": torch.tensor([0, 2, 1])}, layout, "file")
