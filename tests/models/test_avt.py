import pytest
import torch
from spaces import verb_noun

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.settings import families

#: AVT-h of the two published experiments that are used for distillation, and AVT-b's frame network.
IRCSN_HEAD = {"kind": "avt", "layers": 12, "heads": 8, "dropout": 0.8}
EGTEA_HEAD = {"kind": "avt", "layers": 2, "heads": 4, "dropout": 0.2, "past": True}
SMALL = {
    "kind": "avt",
    "width": 16,
    "layers": 2,
    "heads": 4,
    "dropout": 0.0,
    "inner_dropout": 0.0,
    "attention_dropout": 0.0,
    "positions": 12,
}
SMALL_VIT = {"kind": "vit", "image": 16, "patch": 8, "width": 8, "layers": 1, "heads": 2}


def space(actions, verbs=3, nouns=4):
    names = {"action": actions, "verb": verbs, "noun": nouns}
    return verb_noun(
        **{head: tuple(f"{head}{i}" for i in range(count)) for head, count in names.items()},
        action_verb=tuple(i % verbs for i in range(actions)),
        action_noun=tuple(i % nouns for i in range(actions)),
    )


def build(spec, actions=5, width=6):
    return families.build("models", spec, sources=Sources(classes=space(actions), feature_width=width))


def batch(**inputs):
    return Batch(ids=tuple(map(str, range(len(next(iter(inputs.values())))))), inputs=inputs)


def millions(module):
    return round(sum(parameter.numel() for parameter in module.parameters()) / 1e6, 1)


def test_published_sizes():
    with torch.device("meta"):
        assert millions(build(IRCSN_HEAD, actions=2513, width=2048)) == 619.9
        avt_b = build({**EGTEA_HEAD, "backbone": {"kind": "vit"}}, actions=106)
    assert millions(avt_b.backbone) == 85.8
    assert millions(avt_b) - millions(avt_b.backbone) == pytest.approx(106.0, abs=1e-9)


def test_initial_weights_are_as_published():
    torch.manual_seed(0)
    model = build({**SMALL, "width": 128, "layers": 1}, actions=50, width=96)
    expected = {
        "encoder.weight": 0.01,
        "decoder.weight": 0.01,
        "classifiers.action.weight": 0.01,
        "transformer.position": 0.02,
    }
    for name, parameter in model.named_parameters():
        if "norm" in name:
            assert (parameter == (1 if name.endswith("weight") else 0)).all()
        elif name.endswith("bias"):
            assert (parameter == 0).all()
        else:
            std = expected.get(name, 0.02)
            assert parameter.std().item() == pytest.approx(std, rel=0.1)
            assert abs(parameter.mean().item()) < std / 10


def test_the_spread_of_the_first_weights_is_a_setting():
    torch.manual_seed(0)
    model = build({**SMALL, "init_std": 0.3}, actions=50, width=96)
    for linear in (model.encoder, model.decoder, model.classifiers["action"]):
        assert linear.weight.std().item() == pytest.approx(0.3, rel=0.1)
    assert model.transformer.blocks[0].mlp[0].weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_what_each_position_is_classified_from():
    """The past: z_1, then d_1 to d_{T-1}. The future: the last of the steps, not the first."""
    torch.manual_seed(0)
    model, z = build({**SMALL, "past": True, "steps": 3}), torch.randn(2, 7, 6)
    d, future, _ = model.predict(z)
    classify = model.classifiers["action"]
    past = torch.stack([classify(z[:, 0]), *(classify(d[:, t - 1]) for t in range(1, 7))], 1)
    for with_past in (True, False):
        model.past = with_past
        outputs = model(batch(features=z))
        torch.testing.assert_close(outputs.logits["action"], classify(future[:, 2]))
        if with_past:
            torch.testing.assert_close(outputs.past_logits["action"], past)
    assert not torch.allclose(classify(future[:, 2]), classify(d[:, -1]))


def test_shapes_of_a_network_with_every_head_and_the_past():
    model = build({**SMALL, "past": True, "classify": ("action", "verb", "noun")})
    outputs = model(batch(features=torch.randn(2, 7, 6)))
    assert {head: tuple(logits.shape) for head, logits in outputs.logits.items()} == {
        "action": (2, 5),
        "verb": (2, 3),
        "noun": (2, 4),
    }
    assert {head: tuple(logits.shape) for head, logits in outputs.past_logits.items()} == {
        "action": (2, 7, 5),
        "verb": (2, 7, 3),
        "noun": (2, 7, 4),
    }
    assert outputs.next_features.shape == outputs.features.shape == (2, 7, 6)
    assert outputs.embedding is None


def test_without_past_logits_everything_else_is_equal():
    torch.manual_seed(0)
    model, z = build({**SMALL, "past": True}), torch.randn(2, 7, 6)
    with_past = model(batch(features=z))
    model.past = False
    without = model(batch(features=z))
    assert without.past_logits == {}
    torch.testing.assert_close(without.logits["action"], with_past.logits["action"])
    assert torch.equal(without.next_features, with_past.next_features)


def test_steps_one_after_the_other_equal_one_pass_over_all():
    """Keys and values that are kept give what a full pass over the longer sequence gives."""
    torch.manual_seed(0)
    model, z = build({**SMALL, "steps": 4}).double(), torch.randn(2, 7, 6, dtype=torch.float64)
    _, future, _ = model.predict(z)
    x = model.encoder(z)
    for step in range(4):
        hidden, _ = model.transformer(x)
        torch.testing.assert_close(future[:, step], model.decoder(hidden[:, -1]), atol=1e-12, rtol=0)
        x = torch.cat((x, hidden[:, -1:]), 1)


@pytest.mark.parametrize("name", ["dropout", "inner_dropout", "attention_dropout"])
def test_dropout_acts_in_training_only(name):
    torch.manual_seed(0)
    model, given = build({**SMALL, name: 0.5}), batch(features=torch.randn(2, 7, 6))
    assert not torch.equal(model(given).logits["action"], model(given).logits["action"])
    model.eval()
    assert torch.equal(model(given).logits["action"], model(given).logits["action"])


def test_frames_through_a_backbone_equal_features_made_frame_by_frame():
    torch.manual_seed(0)
    model = build({**SMALL, "backbone": SMALL_VIT})
    frames = torch.randint(0, 256, (2, 3, 3, 16, 16), dtype=torch.uint8)
    outputs = model(batch(frames=frames))
    one_by_one = torch.stack(
        [torch.cat([model.backbone.embed(frame[None]) for frame in clip]) for clip in frames]
    )
    torch.testing.assert_close(outputs.features, one_by_one, atol=1e-5, rtol=1e-5)
    outputs.logits["action"].sum().backward()
    assert all(parameter.grad is not None for parameter in model.backbone.parameters()), "trained end to end"


def test_too_long_a_window_is_refused():
    with pytest.raises(IndexError, match="13 time steps, but the transformer has 12 positions"):
        build(SMALL)(batch(features=torch.randn(1, 13, 6)))


def test_maps_in_place_of_vectors_are_refused():
    with pytest.raises(ConfigError, match=r"features \(2, 5, 7, 7, 6\) of a batch: .*vectors, \(B, T, D\)"):
        build(SMALL)(batch(features=torch.randn(2, 5, 7, 7, 6)))


def test_heads_must_divide_the_width():
    with pytest.raises(ConfigError, match="3 heads do not divide a width of 16"):
        build({**SMALL, "heads": 3})


def test_features_of_unknown_width_are_refused():
    with pytest.raises(ConfigError, match="avt without a backbone needs feature_width"):
        families.build("models", SMALL, sources=Sources(classes=space(5)))


def test_learns_to_tell_the_next_of_a_cycle():
    """Frames go through a cycle of 5 vectors: the next one is certain, so the loss must go to about 0."""
    torch.manual_seed(0)
    model, vectors = build(SMALL), torch.randn(5, 6)
    start = torch.arange(5)
    phases = (start[:, None] + torch.arange(6)) % 5
    given, label = batch(features=vectors[phases]), (start + 6) % 5
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(given).logits["action"], label)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_under_bf16_autocast_it_stays_near():
    torch.manual_seed(0)
    model, z = build({**SMALL, "past": True}).eval(), torch.randn(4, 7, 6)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    exact = model(batch(features=z)).logits["action"]
    with torch.autocast("cpu", torch.bfloat16):
        near = model(batch(features=z)).logits["action"]
    assert (near.float() - exact).abs().max() < 0.03 * exact.abs().max()
