import pytest
import torch
from transformers import GPT2Config, GPT2Model

from foretaste.models import weights
from foretaste.models.causal_transformer import CausalTransformer, Dropouts

NONE = Dropouts(embedding=0.0, attention=0.0, residual=0.0)


@pytest.fixture
def transformer():
    torch.manual_seed(0)
    made = CausalTransformer(width=16, layers=3, heads=4, positions=12, dropouts=NONE).double()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def peer_of(transformer):
    """Hugging Face's GPT-2 with the same weights, by the published names."""
    peer = GPT2Model(
        GPT2Config(
            n_embd=16,
            n_layer=3,
            n_head=4,
            n_positions=12,
            vocab_size=1,
            bos_token_id=None,
            eos_token_id=None,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
    ).double()
    holder = torch.nn.Module()
    holder.transformer = transformer
    state = {
        name.removeprefix("future_predictor.gpt_model."): tensor
        for name, tensor in weights.export(holder, weights.AVT).items()
    }
    peer.load_state_dict({**state, "wte.weight": peer.wte.weight})
    return peer


def test_equals_gpt2_and_its_gradient(transformer):
    peer = peer_of(transformer)
    x = torch.randn(2, 7, 16, dtype=torch.float64)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    hidden, _ = transformer(ours)
    expected = peer(inputs_embeds=theirs).last_hidden_state
    torch.testing.assert_close(hidden, expected, atol=1e-11, rtol=0)
    direction = torch.randn_like(hidden)
    (hidden * direction).sum().backward()
    (expected * direction).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-10, rtol=0)
    torch.testing.assert_close(transformer.position.grad, peer.wpe.weight.grad, atol=1e-10, rtol=0)
    torch.testing.assert_close(
        transformer.blocks[1].mlp[0].weight.grad, peer.h[1].mlp.c_fc.weight.grad.T, atol=1e-10, rtol=0
    )


def test_a_later_vector_changes_nothing_before_it(transformer):
    x = torch.randn(1, 6, 16, dtype=torch.float64)
    before, _ = transformer(x)
    for t in range(6):
        changed = x.clone()
        changed[:, t] = torch.randn(16, dtype=torch.float64)
        after, _ = transformer(changed)
        assert torch.equal(after[:, :t], before[:, :t])
        assert ((after[:, t:] - before[:, t:]).abs().amax(-1) > 1e-6).all(), "and it does change what follows"


def test_samples_do_not_mix(transformer):
    x = torch.randn(3, 5, 16, dtype=torch.float64)
    together, _ = transformer(x)
    for sample in range(3):
        torch.testing.assert_close(
            transformer(x[sample : sample + 1])[0][0], together[sample], atol=1e-12, rtol=0
        )


def test_one_position_at_a_time_equals_all_at_once(transformer):
    x = torch.randn(2, 6, 16, dtype=torch.float64)
    expected, _ = transformer(x)
    hidden, memories = transformer(x[:, :2])
    for t in range(2, 6):
        torch.testing.assert_close(hidden[:, -1], expected[:, t - 1], atol=1e-12, rtol=0)
        hidden, memories = transformer(x[:, t : t + 1], memories)
    torch.testing.assert_close(hidden[:, -1], expected[:, 5], atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", ["embedding", "attention", "residual"])
def test_each_dropout_acts_in_training_only(name):
    torch.manual_seed(0)
    transformer = CausalTransformer(
        width=16, layers=1, heads=2, positions=8, dropouts=Dropouts(**{**vars(NONE), name: 0.5})
    )
    x = torch.randn(2, 8, 16)
    assert not torch.equal(transformer(x)[0], transformer(x)[0])
    transformer.eval()
    assert torch.equal(transformer(x)[0], transformer(x)[0])
