from dataclasses import replace

import made_up_tables
import pytest
import torch
from safetensors.torch import save_file
from transformers import ViTConfig, ViTModel

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.models.vit import Config, Vit
from foretaste.settings import families

SMALL = {"image": 24, "patch": 8, "width": 32, "layers": 3, "heads": 4}


def peer_of(model, config):
    """The same network built by Hugging Face, with our weights: another implementation to compare with."""
    peer = ViTModel(
        ViTConfig(
            hidden_size=config.width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            intermediate_size=4 * config.width,
            image_size=config.image,
            patch_size=config.patch,
            layer_norm_eps=1e-6,
        ),
        add_pooling_layer=False,
    )
    state = {
        "embeddings.cls_token": model.cls_token,
        "embeddings.position_embeddings": model.pos_embed,
        "embeddings.patch_embeddings.projection.weight": model.patch_embed.proj.weight,
        "embeddings.patch_embeddings.projection.bias": model.patch_embed.proj.bias,
        "layernorm.weight": model.norm.weight,
        "layernorm.bias": model.norm.bias,
    }
    for number, block in enumerate(model.blocks):
        query, key, value = (
            {"weight": weight, "bias": bias}
            for weight, bias in zip(block.attn.qkv.weight.chunk(3), block.attn.qkv.bias.chunk(3))
        )
        parts = {
            "attention.q_proj": query,
            "attention.k_proj": key,
            "attention.v_proj": value,
            "attention.o_proj": block.attn.proj.state_dict(),
            "layernorm_before": block.norm1.state_dict(),
            "layernorm_after": block.norm2.state_dict(),
            "mlp.fc1": block.mlp.fc1.state_dict(),
            "mlp.fc2": block.mlp.fc2.state_dict(),
        }
        state.update(
            {
                f"layers.{number}.{part}.{name}": tensor
                for part, tensors in parts.items()
                for name, tensor in tensors.items()
            }
        )
    peer.double().load_state_dict(state)
    return peer.eval()


def test_equals_another_implementation():
    torch.manual_seed(0)
    config = Config(**SMALL)
    model = Vit(config, {}).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    frames = torch.randint(0, 256, (2, 3, 24, 24), dtype=torch.uint8)
    expected = peer_of(model, config)(frames.double() / 127.5 - 1).last_hidden_state[:, 0]
    torch.testing.assert_close(model.embed(frames), expected, atol=1e-10, rtol=0)


def test_published_names_and_shapes():
    """Names and shapes of timm's vit_base_patch16_224 without its head."""
    with torch.device("meta"):
        model = Vit(Config(), {})
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    block = {
        "norm1.weight": (768,),
        "norm1.bias": (768,),
        "attn.qkv.weight": (2304, 768),
        "attn.qkv.bias": (2304,),
        "attn.proj.weight": (768, 768),
        "attn.proj.bias": (768,),
        "norm2.weight": (768,),
        "norm2.bias": (768,),
        "mlp.fc1.weight": (3072, 768),
        "mlp.fc1.bias": (3072,),
        "mlp.fc2.weight": (768, 3072),
        "mlp.fc2.bias": (768,),
    }
    expected = {
        "cls_token": (1, 1, 768),
        "pos_embed": (1, 197, 768),
        "patch_embed.proj.weight": (768, 3, 16, 16),
        "patch_embed.proj.bias": (768,),
        **{f"blocks.{number}.{name}": shape for number in range(12) for name, shape in block.items()},
        "norm.weight": (768,),
        "norm.bias": (768,),
    }
    assert shapes == expected


def test_alone_it_is_a_recogniser():
    model = Vit(Config(**SMALL), {"action": 5, "verb": 2})
    outputs = model(
        Batch(ids=("a", "b"), inputs={"frames": torch.randint(0, 256, (2, 3, 24, 24), dtype=torch.uint8)})
    )
    assert {head: tuple(logits.shape) for head, logits in outputs.logits.items()} == {
        "action": (2, 5),
        "verb": (2, 2),
    }
    assert outputs.embedding.shape == (2, 32)


def test_sizes_that_do_not_divide_are_refused():
    with pytest.raises(ConfigError, match="the patch must divide the image"):
        families.build("models", {"kind": "vit", **SMALL, "patch": 7})


def published(tmp_path, **change):
    """A file in timm's layout: the parameters of a network of ours, and a classifier."""
    torch.manual_seed(1)
    state = {
        name: torch.randn_like(parameter) for name, parameter in Vit(Config(**SMALL), {}).named_parameters()
    }
    state |= {"head.weight": torch.randn(7, 32), "head.bias": torch.randn(7)}
    state = {name: tensor for name, tensor in (state | change).items() if tensor is not None}
    torch.save(state, tmp_path / "vit.pth")
    return state, Sources(weights=tmp_path / "vit.pth", classes=made_up_tables.make_classes())


@pytest.mark.parametrize("classify", [(), ("action", "verb")])
def test_starts_from_published_weights(tmp_path, capsys, classify):
    state, sources = published(tmp_path)
    spec = {"kind": "vit", **SMALL, "classify": classify}
    torch.manual_seed(2)
    model = families.build("models", {**spec, "weights": "any"}, sources=sources)
    assert "vit.pth; left out: head.weight, head.bias" in capsys.readouterr().err
    torch.manual_seed(2)
    fresh = dict(families.build("models", spec, sources=sources).named_parameters())
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, fresh[name] if name.startswith("classifiers.") else state[name]), name
    save_file(state, tmp_path / "vit.safetensors")
    again = families.build(
        "models", {**spec, "weights": "any"}, sources=replace(sources, weights=tmp_path / "vit.safetensors")
    )
    assert all(
        torch.equal(parameter, dict(again.named_parameters())[name])
        for name, parameter in model.named_parameters()
        if "class" not in name
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"norm.bias": None}, "missing norm.bias, not known none"),
        ({"pre_logits.fc.weight": torch.zeros(2)}, "missing none, not known pre_logits.fc.weight"),
        ({"pos_embed": torch.zeros(1, 5, 32)}, r"pos_embed has shape \(1, 5, 32\)"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, change, message):
    _, sources = published(tmp_path, **change)
    with pytest.raises(DataError, match=message):
        families.build("models", {"kind": "vit", **SMALL, "weights": "any"}, sources=sources)


def test_weights_that_a_step_does_not_have_are_asked_for():
    with pytest.raises(ConfigError, match="vit with weights needs weights"):
        families.build("models", {"kind": "vit", **SMALL, "weights": "any"}, sources=Sources())
