"""The backbone: shapes, independence of the batch, and that it learns what a picture shows."""

from __future__ import annotations

import barcode
import numpy as np
import pytest
import torch
from spaces import verb_noun

from foretaste.contracts.batch import Batch
from foretaste.contracts.view import Sources
from foretaste.settings import families
from foretaste.video.transforms import channels_first

CLASSES = verb_noun(
    action=("take pan", "cut", "stir"),
    verb=("a", "b"),
    noun=("x", "y", "z", "w"),
    action_verb=(0, 1, 1),
    action_noun=(0, 1, 2),
)


def build(**settings):
    torch.manual_seed(0)
    return families.build(
        "models",
        {"kind": "frame_classifier", "channels": 8, "stages": 3, "width": 16, **settings},
        sources=Sources(classes=CLASSES),
    )


def pixels(*shape):
    return torch.randint(0, 256, shape, dtype=torch.uint8)


@pytest.mark.parametrize("size", [(96, 128), (48, 64), (37, 50)])
def test_shapes_at_any_picture_size(size):
    outputs = build()(Batch(ids=("a", "b"), inputs={"frames": pixels(2, 3, *size)}))
    assert {head: tuple(logits.shape) for head, logits in outputs.logits.items()} == {
        "action": (2, 3),
        "verb": (2, 2),
        "noun": (2, 4),
    }
    assert outputs.embedding.shape == (2, 16)


def test_a_frame_does_not_depend_on_its_batch():
    model = build().eval()
    frames = pixels(5, 3, 48, 64)
    together = model.embed(frames)
    torch.testing.assert_close(model.embed(frames[3:4]), together[3:4], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model(Batch(ids=("",) * 5, inputs={"frames": frames})).embedding, together)


def test_only_the_named_heads():
    outputs = build(classify=("action",))(Batch(ids=("a",), inputs={"frames": pixels(1, 3, 48, 64)}))
    assert list(outputs.logits) == ["action"]


def test_it_learns_what_a_small_part_of_the_picture_shows():
    """The class is one of three cells of the picture; new pictures, random elsewhere, are told apart."""
    model = build(dropout=0.0)
    random = np.random.default_rng(0)

    def pictures(n):
        labels = random.integers(0, 3, n)
        numbers = (random.integers(0, 512, n) << 3) | (1 << labels)
        return channels_first(
            np.stack([barcode.draw(int(number), 24, 32) for number in numbers])
        ), torch.from_numpy(labels)

    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(60):
        frames, labels = pictures(32)
        loss = torch.nn.functional.cross_entropy(
            model(Batch(ids=(), inputs={"frames": frames})).logits["action"], labels
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    frames, labels = pictures(200)
    found = model.eval()(Batch(ids=(), inputs={"frames": frames})).logits["action"].argmax(1)
    assert (found == labels).float().mean() > 0.9
