from __future__ import annotations

import numpy as np
import pytest
import tiny_lm
import torch
from spaces import verb_noun
from transformers import BertForMaskedLM

from foretaste.contracts.batch import Batch
from foretaste.contracts.view import Sources
from foretaste.settings import families
from foretaste.training.checkpoint import load_model, save_model

SPACE = verb_noun(
    action=("take_pan", "pick-up_board:chopping", "take_lid"), verb=("take", "pick-up"), noun=("pan",
    "board:chopping", "lid"),
    action_verb=(0, 1, 0), action_noun=(0, 1, 2),
)  # fmt: skip
#: Token ids in tiny_lm's vocabulary, by hand: take; pick, up; pan; board, chop + ##ping; lid.
VERB_TOKENS = ((5,), (13, 14))
NOUN_TOKENS = ((17,), (22, 23, 24), (19,))
IDS = torch.tensor([[2, 5, 17, 30, 4, 4, 3], [2, 4, 4, 3, 0, 0, 0]])
SLOTS = torch.tensor([[4, 5], [1, 2]])
BATCH = Batch(ids=("a", "b"), inputs={"input_ids": IDS, "attention_mask": IDS != 0, "slots": SLOTS})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_lm.make(tmp_path_factory.mktemp("lm"))


def _build(folder, **settings):
    torch.manual_seed(0)
    return families.build(
        "models", {"kind": "text_encoder", **settings}, sources=Sources(pretrained=folder, classes=SPACE)
    ).eval()


def _log_softmax(x: np.ndarray) -> np.ndarray:
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def test_verbaliser_equals_brute_force(folder):
    """log p over the whole vocabulary, averaged over a name's tokens, renormalised over the classes, plus the
    linear heads.
    """
    model = _build(folder, head="verbaliser")
    with torch.no_grad():
        for classifier in model.classifiers.values():
            classifier.weight.normal_()
            classifier.bias.normal_()
        published = BertForMaskedLM.from_pretrained(folder, output_hidden_states=True).eval()
        full = published(input_ids=IDS, attention_mask=(IDS != 0).long())
        outputs = model(BATCH)
    words = _log_softmax(full.logits.double().numpy())
    first = full.hidden_states[-1][:, 0].numpy()
    said = {}
    for head, slot, tokens in (("verb", 0, VERB_TOKENS), ("noun", 1, NOUN_TOKENS)):
        at = words[np.arange(2), SLOTS[:, slot].numpy()]
        said[head] = _log_softmax(np.stack([at[:, list(name)].mean(1) for name in tokens], 1))
    said["action"] = (
        said["verb"][:, SPACE.parts("action")["verb"]] + said["noun"][:, SPACE.parts("action")["noun"]]
    )
    for head, expected in said.items():
        linear = (
            first @ model.classifiers[head].weight.detach().numpy().T
            + model.classifiers[head].bias.detach().numpy()
        )
        np.testing.assert_allclose(outputs.logits[head].numpy(), linear + expected, rtol=0, atol=1e-5)


def test_verbaliser_starts_as_the_language_model(folder):
    model = _build(folder, head="verbaliser")
    with torch.no_grad():
        logits = model(BATCH).logits
    probability = (
        logits["verb"].exp()[:, SPACE.parts("action")["verb"]]
        * logits["noun"].exp()[:, SPACE.parts("action")["noun"]]
    )
    torch.testing.assert_close(logits["action"].exp(), probability, rtol=0, atol=1e-6)
    torch.testing.assert_close(logits["verb"].exp().sum(1), torch.ones(2), rtol=0, atol=1e-6)


def test_linear_heads_read_the_first_vector_as_published(folder):
    model = _build(folder)
    published = BertForMaskedLM.from_pretrained(folder, output_hidden_states=True).eval()
    with torch.no_grad():
        first = published(input_ids=IDS, attention_mask=(IDS != 0).long()).hidden_states[-1][:, 0]
        outputs = model(BATCH)
        for head in ("action", "verb", "noun"):
            torch.testing.assert_close(
                outputs.logits[head], model.classifiers[head](first), rtol=0, atol=1e-6
            )
    torch.testing.assert_close(outputs.embedding, first, rtol=0, atol=1e-6)


def test_mean_pooling_counts_real_tokens_only(folder):
    model = _build(folder, pool="mean")
    with torch.no_grad():
        vectors = model.lm.encode(IDS, IDS != 0)
        pooled = model(BATCH).embedding
    torch.testing.assert_close(pooled[0], vectors[0].mean(0), rtol=0, atol=1e-6)
    torch.testing.assert_close(pooled[1], vectors[1, :4].mean(0), rtol=0, atol=1e-6)


def test_only_the_heads_asked_for(folder):
    for head in ("linear", "verbaliser"):
        with torch.no_grad():
            assert list(_build(folder, head=head, classify=("action",))(BATCH).logits) == ["action"]


def test_every_trained_part_gets_a_gradient(folder):
    model = _build(folder, head="verbaliser")
    model(BATCH).logits["action"][:, 1].sum().backward()
    without = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    assert without == {
        f"classifiers.{head}.{part}" for head in ("verb", "noun") for part in ("weight", "bias")
    }


def test_a_checkpoint_gives_the_same_outputs(folder, tmp_path):
    model = _build(folder, head="verbaliser")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        before = model(BATCH)
    save_model(tmp_path / "checkpoint", model, {"kind": "text_encoder", "head": "verbaliser"}, SPACE, {})
    again, _ = load_model(tmp_path / "checkpoint", Sources(pretrained=folder, classes=SPACE))
    with torch.no_grad():
        after = again(BATCH)
    for head in ("action", "verb", "noun"):
        assert torch.equal(before.logits[head], after.logits[head])
