"""TimeSformer against the authors' numbers, against transformers', and in cases that follow from a ViT's."""

from __future__ import annotations

import made_up_tables
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from transformers import TimesformerConfig, TimesformerForVideoClassification

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.models import weights
from foretaste.models.timesformer import AUTHORS, CHECKPOINT, TRANSFORMERS, Config, Timesformer
from foretaste.models.vit import Config as VitConfig
from foretaste.models.vit import Vit
from foretaste.settings import families

SMALL = {"image": 24, "patch": 8, "frames": 3, "width": 24, "layers": 2, "heads": 4}
KINDS = {"divided": "divided", "joint": "joint_space_time", "space_only": "space_only"}


def clips(*shape, seed=0):
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def batch(frames):
    return Batch(ids=tuple(map(str, range(len(frames)))), inputs={"frames": frames})


def network(seed=0, classes=None, **settings):
    torch.manual_seed(seed)
    model = Timesformer(Config(**SMALL, **settings), {"action": 5} if classes is None else classes)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model


def published(shared_golden, kind, **settings):
    """The authors' parameters in a network of ours, and the rest of the golden file."""
    golden = np.load(shared_golden / f"timesformer_{KINDS[kind]}_tiny.npz")
    model = Timesformer(Config(**SMALL, attention=kind, **settings), {"action": 5}).eval()
    state = {name.removeprefix("param/"): golden[name] for name in golden.files if name.startswith("param/")}
    if kind == "space_only":
        state.pop("time_embed", None)
    weights.install(model, {name: torch.from_numpy(one) for name, one in state.items()}, AUTHORS, "golden")
    return model.double(), golden


def close(got, expected):
    np.testing.assert_allclose(got.detach(), expected, atol=1e-9, rtol=0)


def logits(model, clips_first):
    """Of numbers (B, channels, T, H, W), as the authors order them."""
    return model.classifiers["action"](
        model.run(torch.from_numpy(clips_first).double().transpose(1, 2))[:, 0]
    )


def test_every_stage_of_the_authors_network(shared_golden):
    model, golden = published(shared_golden, "divided")
    x = model.embed(torch.from_numpy(golden["input_bcthw"]).double().transpose(1, 2))
    close(x, golden["embeddings_out"])
    for number, block in enumerate(model.blocks):
        x = block(x, 3)
        close(x, golden[f"block{number}_out"])
    close(model.norm(x), golden["final_norm_tokens"])
    close(model.norm(x)[:, 0], golden["cls_feature"])
    close(logits(model, golden["input_bcthw"]), golden["logits"])


@pytest.mark.parametrize("kind", ["joint", "space_only"])
def test_the_other_kinds_of_attention(shared_golden, kind):
    model, golden = published(shared_golden, kind)
    close(logits(model, golden["input_bcthw"]), golden["logits"])


def test_other_lengths_and_sizes_as_the_authors_stretch_them(shared_golden):
    model, golden = published(shared_golden, "divided", stretch=True)
    for case in ("T5", "32px"):
        close(logits(model, golden[f"input_{case}"]), golden[f"logits_{case}"])


@pytest.mark.parametrize("shape", [(1, 5, 3, 24, 24), (1, 3, 3, 32, 32), (1, 3, 3, 24, 32)])
def test_other_lengths_and_sizes_are_refused_unless_they_are_to_be_stretched(shape):
    with pytest.raises(ConfigError, match="set stretch"):
        network()(batch(clips(*shape)))
    model = network(stretch=True)
    assert model(batch(clips(*shape))).maps["patches"].shape == (
        1,
        shape[1],
        shape[3] // 8,
        shape[4] // 8,
        24,
    )
    with pytest.raises(ConfigError, match="3 frames of 24 x 28 pixels"):
        model(batch(clips(1, 3, 3, 24, 28)))


@pytest.mark.parametrize("kind", ["divided", "joint"])
def test_equals_transformers_with_the_names_that_it_gives(kind):
    model = network(attention=kind).double().eval()
    peer = TimesformerForVideoClassification(
        TimesformerConfig(
            image_size=24,
            patch_size=8,
            num_frames=3,
            hidden_size=24,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=96,
            num_labels=5,
            attention_type=KINDS[kind] if kind == "joint" else "divided_space_time",
        )
    )
    state = weights.export(model, TRANSFORMERS)
    peer.double().load_state_dict(state)
    frames = clips(2, 3, 3, 24, 24)
    with torch.no_grad():
        expected = peer.eval()((frames.double() / 255 - 0.45) / 0.225)
    torch.testing.assert_close(model(batch(frames)).logits["action"], expected.logits, atol=1e-6, rtol=1e-6)


def test_names_of_transformers(shared_golden):
    golden = np.load(shared_golden / "timesformer_divided_tiny.npz")["key_map_original_to_transformers"]
    model = network()
    found = zip(weights.export(model, AUTHORS), weights.export(model, TRANSFORMERS))
    assert dict(found) == dict(golden.tolist())


def test_frame_by_frame_it_is_the_mean_of_a_vits_frames():
    model = network(attention="space_only", classes={}).double().eval()
    vit = Vit(VitConfig(image=24, patch=8, width=24, layers=2, heads=4), {}).double().eval()
    weights.install(vit, weights.export(model, AUTHORS), weights.VIT, "ours")
    x = torch.randn(2, 3, 3, 24, 24, dtype=torch.float64)
    patches = vit.patch_embed(x.flatten(0, 1))
    tokens = torch.cat((vit.cls_token.expand(6, -1, -1), patches), 1) + vit.pos_embed
    expected = vit.norm(vit.blocks(tokens)[:, 0].unflatten(0, (2, 3)).mean(1))
    torch.testing.assert_close(model.run(x)[:, 0], expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_without_positions_in_time_the_order_of_frames_does_not_count(kind):
    model = network(attention=kind).double().eval()
    frames = clips(1, 3, 3, 24, 24)
    turned = batch(frames.flip(1))
    assert kind == "space_only" or not torch.allclose(model(turned).embedding, model(batch(frames)).embedding)
    if kind != "space_only":
        nn.init.zeros_(model.time_embed)
    got, expected = model(turned), model(batch(frames))
    torch.testing.assert_close(got.embedding, expected.embedding, atol=1e-12, rtol=0)
    times = [0] if kind == "space_only" else [2, 1, 0]
    torch.testing.assert_close(got.maps["patches"], expected.maps["patches"][:, times], atol=1e-12, rtol=0)


def test_a_network_that_was_trained_on_bgr_is_given_bgr(tmp_path):
    model, frames = (
        network(pixels={"mean": [0.45] * 3, "std": [0.225] * 3, "order": "bgr"}).eval(),
        clips(1, 3, 3, 24, 24),
    )
    plain = network().eval()
    assert torch.equal(model(batch(frames)).embedding, plain(batch(frames.flip(2))).embedding)
    weights.write(model, AUTHORS, tmp_path / "ssv2.safetensors")
    sources = Sources(classes=made_up_tables.make_classes(), weights=tmp_path / "ssv2.safetensors")
    with pytest.raises(DataError, match=r"weights that read pixels as .*bgr"):
        families.build("models", {"kind": "timesformer", **SMALL, "weights": "ssv2"}, sources=sources)


@pytest.mark.parametrize("layout", [AUTHORS, CHECKPOINT, TRANSFORMERS])
def test_weights_go_out_and_come_in_again(tmp_path, capsys, layout):
    source = network(1, {"action": 7})
    state = weights.export(source, layout)
    torch.save({"model_state": state, "epoch": 9} if layout.entry else state, tmp_path / "t.pyth")
    sources = Sources(classes=made_up_tables.make_classes(), weights=tmp_path / "t.pyth")
    spec = {"kind": "timesformer", **SMALL, "classify": ["verb"], "weights": "t.pyth"}
    model = families.build("models", spec, sources=sources)
    assert f"left out: {layout.head}.weight, {layout.head}.bias" in capsys.readouterr().err
    own = dict(model.named_parameters())
    for name, parameter in source.named_parameters():
        assert name.startswith("classifiers.") or torch.equal(parameter, own[name]), name
    del state[next(name for name in state if "temporal_norm1" in name or "temporal_layernorm" in name)]
    torch.save(state, tmp_path / "t.pyth")
    with pytest.raises(DataError, match=r"missing .*temporal_"):
        families.build("models", spec, sources=sources)


def test_from_a_vit_of_images_attention_over_time_is_a_copy_and_adds_nothing(tmp_path):
    """Each clip of one frame shown over and over says what the frame says."""
    torch.manual_seed(0)
    vit = Vit(
        VitConfig(image=24, patch=8, width=24, layers=2, heads=4, pixels=Config().pixels), {"action": 7}
    ).eval()
    save_file(weights.export(vit, weights.VIT), tmp_path / "vit.safetensors")
    sources = Sources(classes=made_up_tables.make_classes(), weights=tmp_path / "vit.safetensors")
    spec = {"kind": "timesformer", **SMALL, "weights": "vit.safetensors"}
    model = families.build("models", spec, sources=sources).eval()
    for block, other in zip(model.blocks, vit.blocks):
        assert torch.equal(block.temporal_attn.qkv.weight, other.attn.qkv.weight)
        assert torch.equal(block.temporal_norm1.weight, other.norm1.weight)
    frame = clips(2, 1, 3, 24, 24)
    got = model(batch(frame.expand(-1, 3, -1, -1, -1))).embedding
    torch.testing.assert_close(got, vit.embed(frame[:, 0]), atol=1e-5, rtol=1e-5)
