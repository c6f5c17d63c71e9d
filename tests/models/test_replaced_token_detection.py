"""ELECTRA's pretraining: the generator's samples, the discriminator's loss, shared embeddings, and what is
kept.
"""

from __future__ import annotations

import json

import pytest
import tiny_lm
import torch
from language_models import publish, sources_of
from torch.nn import functional as F
from transformers import ElectraForMaskedLM, ElectraForPreTraining

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Look
from foretaste.models.hf_folder import take_over
from foretaste.models.replaced_token_detection import draw
from foretaste.settings import families
from foretaste.text.tokenizer import copy


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("electra")
    for name, kind in (("discriminator", "electra"), ("generator", "electra_generator")):
        take_over(publish(folder / "hub" / name, kind, seed=len(name)), folder / name)
    made = sources_of(folder / "discriminator")
    return type(made)(phrases=made.phrases, pretrained=made.pretrained, generator=folder / "generator")


def _model(sources):
    return families.build("models", {"kind": "replaced_token_detection"}, sources=sources).double()


def _batch(sources, **how):
    view = families.build("views", {"kind": "masked_text", "rate": 0.4, **how}, sources=sources)
    fetched = view.fetch(range(len(view)), Look(3, 1))
    inputs = {name: t.double() if t.is_floating_point() else t for name, t in fetched.inputs.items()}
    return Batch(ids=tuple(view.ids), inputs=inputs, labels=fetched.labels)


def test_samples_follow_the_generators_distribution():
    logits = torch.randn(1, 9, generator=torch.Generator().manual_seed(0)).double() * 2
    draws = (torch.arange(100_000) + 0.5).double() / 100_000
    shares = torch.bincount(draw(logits.expand(len(draws), -1), draws), minlength=9) / len(draws)
    torch.testing.assert_close(shares.double(), logits[0].softmax(-1), rtol=0, atol=2e-5)
    ends = draw(torch.tensor([[-50.0, 0.0, -50.0]] * 2), torch.tensor([0.0, 1.0 - 2**-24]))
    assert ends.tolist()[1] == 1


def test_the_loss_is_that_of_the_paper(sources):
    """Against the published networks of transformers, put together by hand."""
    model, batch = _model(sources).train(), _batch(sources)
    outputs = model(batch)
    generator = ElectraForMaskedLM.from_pretrained(sources.generator, attn_implementation="eager").double()
    generator.electra.embeddings.load_state_dict(model.discriminator.electra.embeddings.state_dict())
    discriminator = ElectraForPreTraining.from_pretrained(
        sources.pretrained, attn_implementation="eager"
    ).double()
    ids, real, at = (batch.inputs[name] for name in ("input_ids", "attention_mask", "masked_positions"))
    with torch.no_grad():
        guesses = generator(input_ids=ids, attention_mask=real.long()).logits.flatten(0, 1)[at]
        original = ids.flatten().clone()
        original[at] = batch.labels["token"]
        shown = original.clone()
        shown[at] = draw(guesses, batch.inputs["draws"])
        replaced = (shown != original).view_as(ids)
        theirs = discriminator(
            input_ids=shown.view_as(ids), attention_mask=real.long(), labels=replaced.long()
        )
    assert 0 < replaced.sum() <= len(at)
    torch.testing.assert_close(outputs.logits["token"], guesses, rtol=0, atol=1e-10)
    ours = F.cross_entropy(outputs.logits["verdict"], batch.labels["verdict"])
    torch.testing.assert_close(ours, theirs.loss.double(), rtol=0, atol=1e-6)
    assert len(batch.labels["verdict"]) == int(real.sum())


def test_packing_changes_nothing(sources):
    model = _model(sources).train()
    losses = []
    for pack in (None, 32):
        batch = _batch(sources, pack=pack)
        outputs = model(batch)
        losses.append(
            [
                F.cross_entropy(outputs.logits[head], batch.labels[head]).item()
                for head in ("token", "verdict")
            ]
        )
    assert losses[0] == pytest.approx(losses[1], abs=1e-10)


def test_embeddings_are_shared_and_the_sampling_has_no_gradient(sources):
    model, batch = _model(sources).train(), _batch(sources)
    table = model.discriminator.electra.embeddings.word_embeddings.weight
    assert model.generator.word_vectors() is table
    names = [name for name, _ in model.named_parameters() if "word_embeddings" in name]
    assert len(names) == 1
    outputs = model(batch)
    F.cross_entropy(outputs.logits["verdict"], batch.labels["verdict"]).backward()
    assert all(
        p.grad is None
        for name, p in model.named_parameters()
        if name.startswith("generator.") and "embeddings." not in name
    )


def test_both_networks_are_kept(sources, tmp_path):
    model = _model(sources).float()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)
    for folder in model.save(tmp_path / "out"):
        copy(sources.pretrained, folder)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["electra"] == "replaced_token_detection"
    again = families.build(
        "models",
        {"kind": "replaced_token_detection"},
        sources=type(sources)(
            phrases=sources.phrases, pretrained=tmp_path / "out", generator=tmp_path / "out" / "generator"
        ),
    )
    assert again.facts()["newly_initialised"] == again.facts()["unused"] == ()
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_other_architectures_are_refused(sources, tmp_path):
    other = type(sources)(
        phrases=sources.phrases, pretrained=tiny_lm.make(tmp_path), generator=sources.generator
    )
    with pytest.raises(ConfigError, match=r"replaced-token detection with bert.*use masked_lm"):
        families.build("models", {"kind": "replaced_token_detection"}, sources=other)
