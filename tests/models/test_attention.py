"""``attention: sdpa`` is another way to compute the same network."""

from __future__ import annotations

import made_up_tables
import pytest
import tiny_lm
import torch
from language_models import sources_of
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Look, Sources
from foretaste.settings import families
from foretaste.training.precision import forward

IDS = torch.tensor([[2, 5, 17, 25, 4, 3], [2, 6, 4, 3, 0, 0]])


@pytest.fixture
def fused(monkeypatch) -> list[tuple[int, ...]]:
    """The shapes that torch's fused attention was asked for."""
    shapes, attend = [], F.scaled_dot_product_attention

    def noted(query, *arguments, **options):
        shapes.append(tuple(query.shape))
        return attend(query, *arguments, **options)

    monkeypatch.setattr(F, "scaled_dot_product_attention", noted)
    return shapes


def logits_and_gradients(
    sources: Sources, spec: dict, batch: Batch, precision: str = "fp32"
) -> tuple[Outputs, dict[str, torch.Tensor]]:
    """What one network says of a batch, and the gradient of the sum of all its squares."""
    torch.manual_seed(0)
    model = families.build("models", spec, sources=sources).eval()
    outputs = forward(model, batch, precision)
    sum(logits.square().sum() for logits in outputs.logits.values()).backward()
    return outputs.logits, {
        name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None
    }


def assert_equal(fused: list, sources: Sources, spec: dict, batch: Batch) -> None:
    eager = logits_and_gradients(sources, spec, batch)
    assert not fused, "eager is the default"
    sdpa = logits_and_gradients(sources, {**spec, "attention": "sdpa"}, batch)
    assert len(fused) == 2, "once in each of two layers"
    for expected, found in zip(eager, sdpa, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["albert", "bert", "distilbert", "electra", "roberta"])
def test_readers_are_equal(kind, fused, tmp_path):
    sources = Sources(pretrained=tiny_lm.make(tmp_path, kind), classes=made_up_tables.make_classes())
    batch = Batch(ids=("a", "b"), inputs={"input_ids": IDS, "attention_mask": IDS != 0})
    assert_equal(fused, sources, {"kind": "text_encoder", "pool": "mean"}, batch)


def packed(sources: Sources) -> Batch:
    view = families.build("views", {"kind": "masked_text", "pack": 32}, sources=sources)
    fetched = view.fetch(range(len(view)), Look(1, 2))
    return Batch(ids=tuple(view.ids), inputs=fetched.inputs, labels=fetched.labels)


def test_packed_rows_are_equal(fused, tmp_path):
    sources = sources_of(tiny_lm.make(tmp_path))
    assert_equal(fused, sources, {"kind": "masked_lm"}, packed(sources))


def test_packed_rows_are_finite_in_bf16(fused, tmp_path):
    """The mask's least number is that of float32, which is beyond bf16's."""
    sources = sources_of(tiny_lm.make(tmp_path))
    batch = packed(sources)
    logits, gradients = logits_and_gradients(
        sources, {"kind": "masked_lm", "attention": "sdpa"}, batch, "bf16"
    )
    assert fused and gradients
    expected, _ = logits_and_gradients(sources, {"kind": "masked_lm"}, batch)
    torch.testing.assert_close(logits, expected, rtol=0.05, atol=0.05)
    assert all(gradient.isfinite().all() for gradient in gradients.values())


def test_decoders_are_equal(fused, tmp_path):
    torch.manual_seed(0)
    size = {"vocab_size": 30, "bos_token_id": 0, "eos_token_id": 0, "initializer_range": 0.3}
    GPT2LMHeadModel(GPT2Config(**size, n_embd=16, n_layer=2, n_head=2, n_positions=32)).save_pretrained(
        tmp_path
    )
    sources = Sources(pretrained=tmp_path, classes=made_up_tables.make_classes())
    batch = Batch(ids=("a", "b"), inputs={"input_ids": IDS, "attention_mask": IDS != 0})
    assert_equal(fused, sources, {"kind": "text_decoder"}, batch)


def test_the_folder_does_not_keep_how_it_was_computed(tmp_path):
    sources = sources_of(tiny_lm.make(tmp_path / "lm"))
    for attention in ("eager", "sdpa"):
        torch.manual_seed(0)
        families.build("models", {"kind": "masked_lm", "attention": attention}, sources=sources).save(
            tmp_path / attention
        )
    for file in sorted((tmp_path / "eager").iterdir()):
        assert file.read_bytes() == (tmp_path / "sdpa" / file.name).read_bytes(), file.name


@pytest.mark.parametrize("kind", ["text_encoder", "text_decoder", "masked_lm", "replaced_token_detection"])
def test_a_misspelt_one_is_refused(kind):
    with pytest.raises(ConfigError, match="attention"):
        families.build("models", {"kind": kind, "attention": "flesh"}, sources=Sources())
