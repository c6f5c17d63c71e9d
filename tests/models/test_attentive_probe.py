"""The probe against the same computed token by token, what it may not depend on, and where it must."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError
from foretaste.models.attentive_probe import AttentiveProbe, Config

WIDTH, HEADS = 8, {"action": 5, "verb": 3}


def probe(**settings) -> AttentiveProbe:
    torch.manual_seed(0)
    made = AttentiveProbe(Config(**{"layers": 2, "heads": 2, **settings}), WIDTH, HEADS).double().eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return made


def batch(features) -> Batch:
    return Batch(ids=tuple(map(str, range(len(features)))), inputs={"features": features})


def attended(queries, keys, values, heads):
    """Attention by loops: a list of vectors for each query."""
    size, found = queries.shape[-1] // heads, []
    for query in queries:
        parts = []
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            scores = torch.stack([query[own] @ key[own] / math.sqrt(size) for key in keys])
            parts.append((scores.softmax(0)[:, None] * values[:, own]).sum(0))
        found.append(torch.cat(parts))
    return torch.stack(found)


def by_hand(made: AttentiveProbe, features):
    """One sample (T, places, D) -> logits by head."""
    steps, _, width = features.shape
    tokens = []
    for step in [*range(1 - steps, 1), *range(1, 1 + len(made.masks))]:
        waves = [step / 10_000 ** (i / (width // 2)) for i in range(width // 2)]
        code = torch.tensor([*map(math.sin, waves), *map(math.cos, waves)], dtype=torch.float64)
        shown = features[step + steps - 1] if step < 1 else made.masks[step - 1][None]
        tokens += [one + code for one in shown]
    x = torch.stack(tokens)
    for block in made.blocks:
        query, key, value = block.attention.qkv(block.norm1(x)).split(width, -1)
        x = x + block.attention.proj(attended(query, key, value, 2))
        x = x + block.mlp(block.norm2(x))
    key, value = made.pool.key_value(made.pool.norm1(x)).split(width, -1)
    pooled = made.queries + attended(made.pool.query(made.queries), key, value, 2)
    pooled = pooled + made.pool.mlp(made.pool.norm2(pooled))
    return {head: made.classifiers[head](pooled[i]) for i, head in enumerate(HEADS)}


@pytest.mark.parametrize("future", [0, 2])
@torch.no_grad()
def test_it_equals_the_same_token_by_token(future):
    made, features = probe(future=future), torch.randn(3, 4, 6, WIDTH, dtype=torch.float64)
    found = made(batch(features))
    for row in range(3):
        expected = by_hand(made, features[row])
        for head in HEADS:
            torch.testing.assert_close(found.logits[head][row], expected[head])
    assert found.embedding.shape == (3, WIDTH)


@torch.no_grad()
def test_vectors_are_maps_of_one_place():
    made, features = probe(), torch.randn(2, 5, WIDTH, dtype=torch.float64)
    vectors, maps = made(batch(features)), made(batch(features[:, :, None, None]))
    torch.testing.assert_close(vectors.logits["verb"], maps.logits["verb"])


@torch.no_grad()
def test_the_order_of_steps_counts_and_that_of_places_does_not():
    made, features = probe(), torch.randn(2, 4, 6, WIDTH, dtype=torch.float64)
    found = made(batch(features)).logits["action"]
    places = made(batch(features[:, :, torch.randperm(6)])).logits["action"]
    torch.testing.assert_close(places, found)
    assert not torch.allclose(made(batch(features.flip(1))).logits["action"], found)


@torch.no_grad()
def test_the_last_step_is_the_same_step_however_many_came_before():
    made, features = probe(), torch.randn(2, 6, WIDTH, dtype=torch.float64)
    torch.testing.assert_close(made.tokens(features)[:, 2:], made.tokens(features[:, 2:]))


def test_half_precision_and_gradients_of_every_parameter():
    made = AttentiveProbe(Config(layers=1, heads=2, width=12), WIDTH, HEADS)
    logits = made(batch(torch.randn(3, 4, WIDTH).half())).logits
    sum(F.cross_entropy(one, torch.zeros(3, dtype=torch.int64)) for one in logits.values()).backward()
    assert all(parameter.grad is not None for parameter in made.parameters())


def test_heads_divide_the_width():
    with pytest.raises(ConfigError, match="width of 8 and 3 attention heads"):
        AttentiveProbe(Config(heads=3), WIDTH, HEADS)
