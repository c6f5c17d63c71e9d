"""Sequences that share a row do not see each other: their logits are those of the same sequences alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from language_models import KINDS, RECIPES, publish, sources_of

from foretaste.contracts.batch import Batch
from foretaste.contracts.view import Look, Sources
from foretaste.models.hf_folder import take_over
from foretaste.models.language_model import LanguageModel, Packing, load_language_model
from foretaste.settings import families
from foretaste.text.packing import places, rows_of


@pytest.fixture(scope="module", params=KINDS)
def sources(request, tmp_path_factory) -> Sources:
    folder = tmp_path_factory.mktemp(request.param)
    take_over(publish(folder / "hub", request.param), folder / "own")
    return sources_of(folder / "own")


def _lm(sources: Sources) -> LanguageModel:
    torch.manual_seed(0)
    return load_language_model(sources.pretrained).eval().double()


def _batches(sources: Sources, **how) -> tuple[Batch, Batch]:
    """The same sequences, with the same tokens hidden: one a row, and packed."""
    made = []
    for pack in (None, 32):
        view = families.build("views", {"kind": "masked_text", "pack": pack, **how}, sources=sources)
        fetched = view.fetch(range(len(view)), Look(1, 2))
        made.append(Batch(ids=tuple(view.ids), inputs=fetched.inputs, labels=fetched.labels))
    return made[0], made[1]


def _alone(vectors: torch.Tensor, packed: Batch, sequence: int) -> torch.Tensor:
    return vectors[packed.inputs["sequence"] == sequence]


def test_logits_are_those_of_the_sequence_alone(sources):
    lm = _lm(sources)
    single, packed = _batches(sources)
    assert len(packed.inputs["input_ids"]) < len(RECIPES)
    with torch.no_grad():
        together = lm.logits(
            lm.encode(packed.inputs["input_ids"], packed.inputs["attention_mask"], Packing.of(packed))
        )
        for sequence in range(len(RECIPES)):
            real = single.inputs["attention_mask"][sequence]
            ids = single.inputs["input_ids"][sequence][real][None]
            assert torch.equal(_alone(packed.inputs["input_ids"], packed, sequence), ids[0])
            alone = lm.logits(lm.encode(ids, torch.ones_like(ids, dtype=torch.bool)))[0]
            torch.testing.assert_close(_alone(together, packed, sequence), alone, rtol=0, atol=1e-10)


def test_a_change_in_one_sequence_changes_nothing_in_its_neighbours(sources):
    lm = _lm(sources)
    _, packed = _batches(sources)
    ids = packed.inputs["input_ids"].clone()
    first = packed.inputs["sequence"][0, 0].item()
    changed = (packed.inputs["sequence"] == first) & (torch.arange(ids.shape[1]) > 0)
    ids[changed] = (ids[changed] + 7) % 40 + 5
    with torch.no_grad():
        before, after = (
            lm.encode(x, packed.inputs["attention_mask"], Packing.of(packed))
            for x in (packed.inputs["input_ids"], ids)
        )
    assert not torch.equal(_alone(before, packed, first), _alone(after, packed, first))
    for sequence in set(range(len(RECIPES))) - {first}:
        assert torch.equal(_alone(before, packed, sequence), _alone(after, packed, sequence))


def test_no_gradient_crosses(sources):
    lm = _lm(sources)
    _, packed = _batches(sources)
    vectors = lm.embed(packed.inputs["input_ids"]).detach().requires_grad_()
    seen = lm.encode_embedded(vectors, packed.inputs["attention_mask"], Packing.of(packed))
    last = packed.inputs["sequence"][0].max().item()
    _alone(seen, packed, last).pow(3).sum().backward()
    reached = vectors.grad.abs().sum(-1) > 0
    assert torch.equal(reached, packed.inputs["sequence"] == last)


@pytest.mark.parametrize(
    "settings", [{}, {"vocabulary": "corpus", "separators": [","]}], ids=["all", "corpus"]
)
def test_the_loss_is_the_same(sources, settings):
    torch.manual_seed(0)
    model = families.build("models", {"kind": "masked_lm", **settings}, sources=sources).double()
    losses, gradients = [], []
    for batch in _batches(sources, mask="words"):
        model.zero_grad()
        loss = torch.nn.functional.cross_entropy(model.train()(batch).logits["token"], batch.labels["token"])
        loss.backward()
        losses.append(loss.item())
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    assert losses[0] == pytest.approx(losses[1], abs=1e-10)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0, atol=1e-9)


def test_rows_are_filled_longest_first():
    assert rows_of([3, 9, 5, 4, 20, 1], 10) == [[4], [1, 5], [2, 3], [0]]
    assert rows_of([], 10) == []
    random = np.random.default_rng(0)
    lengths = random.integers(3, 40, size=200).tolist()
    rows = rows_of(lengths, 64)
    assert sorted(i for row in rows for i in row) == list(range(200))
    assert all(sum(lengths[i] for i in row) <= 64 for row in rows)
    assert sum(lengths) / (64 * len(rows)) > 0.9


def test_places_name_every_token_once():
    real = np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0]], dtype=bool)
    place, sequence, position = places(real, 5)
    assert sequence.tolist() == [[1, 1, 1, 1, 2], [0, 0, 0, -1, -1]]
    assert position.tolist() == [[0, 1, 2, 3, 0], [0, 1, 2, 0, 0]]
    assert sorted(place[sequence >= 0].tolist()) == np.flatnonzero(real).tolist()
