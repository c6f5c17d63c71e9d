"""Pixels travel as bytes; the network turns them into numbers, as it was trained."""

from __future__ import annotations

import made_up_tables
import numpy as np
import pytest
import torch

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.models.pixels import Normalise, Pixels
from foretaste.settings import families
from foretaste.training.checkpoint import load_model, save_model
from foretaste.training.precision import place

EVERY_BYTE = torch.arange(256, dtype=torch.uint8).repeat(3, 1).reshape(1, 3, 16, 16)
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
NETWORK = {"kind": "vit", "image": 16, "patch": 8, "width": 8, "layers": 1, "heads": 2}


def test_by_default_every_byte_is_x_over_127_5_minus_1_to_the_bit():
    got = Normalise(Pixels())(EVERY_BYTE)
    assert got.dtype == torch.float32 and torch.equal(got, EVERY_BYTE.float() / 127.5 - 1)
    assert got.min() == -1 and got.max() == 1


def test_mean_and_std_a_channel():
    got = Normalise(Pixels(**IMAGENET)).double()(EVERY_BYTE)
    for channel in range(3):
        mean, std = (np.float32(IMAGENET[name][channel]).astype(float) for name in ("mean", "std"))
        expected = (EVERY_BYTE[:, channel].double() / 255 - mean) / std
        torch.testing.assert_close(got[:, channel], expected, atol=1e-12, rtol=0)


def test_a_network_that_was_trained_on_bgr_is_given_bgr():
    given = torch.stack([torch.full((2, 2), value, dtype=torch.uint8) for value in (0, 51, 255)])
    got = Normalise(Pixels(order="bgr"))(given)
    assert got[:, 0, 0].tolist() == pytest.approx([1.0, -0.6, -1.0])


def test_flow_has_two_channels_and_no_network_takes_it_for_a_picture():
    two = Pixels(mean=(0.5, 0.5), std=(0.5, 0.5))
    assert Normalise(two)(EVERY_BYTE[:, :2]).shape == (1, 2, 16, 16)
    for pixels, frames in ((Pixels(), EVERY_BYTE[:, :2]), (two, EVERY_BYTE), (two, EVERY_BYTE[:, :1])):
        with pytest.raises(ConfigError, match=r"pictures of [123] channels"):
            Normalise(pixels)(frames)
    with pytest.raises(ValueError, match="one entry a channel"):
        Pixels(mean=(0.5,))


def test_the_checkpoint_says_how_pixels_are_read(tmp_path):
    sources = Sources(classes=made_up_tables.make_classes())
    spec = {**NETWORK, "classify": ["action"], "pixels": IMAGENET}
    torch.manual_seed(0)
    model = families.build("models", spec, sources=sources).eval()
    save_model(tmp_path / "checkpoint", model, spec, sources.classes, {})
    loaded, _ = load_model(tmp_path / "checkpoint", sources)
    assert loaded.pixels.mean.tolist() == pytest.approx(IMAGENET["mean"])
    batch = Batch(ids=("a",), inputs={"frames": EVERY_BYTE})
    assert torch.equal(loaded(batch).logits["action"], model(batch).logits["action"])
    plain = families.build("models", {**spec, "pixels": {}}, sources=sources)
    assert plain.pixels.mean.tolist() == [0.5] * 3


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.float32), ("fp64", torch.float64)]
)
def test_features_travel_as_stored_and_are_cast_where_they_are_used(precision, dtype):
    features = torch.randn(2, 3, 5).half()
    inputs = {"features": features, "frames": EVERY_BYTE, "input_ids": torch.arange(2)}
    placed = place(Batch(ids=("a", "b"), inputs=inputs), torch.device("cpu"), precision).inputs
    assert placed["features"].dtype == dtype and torch.equal(placed["features"], features.to(dtype))
    assert placed["frames"].dtype == torch.uint8 and placed["input_ids"].dtype == torch.int64
