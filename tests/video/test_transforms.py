"""Pictures: sizes, the centre, normalisation, and augmentation that leaves the labels' evidence in place."""

from __future__ import annotations

import barcode
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from foretaste.video.transforms import Augment, Picture, augmented, centre, channels_first, covering

sizes = st.integers(16, 2000)


@given(sizes, sizes, st.integers(8, 300), st.integers(8, 300), st.floats(1, 1.5))
def test_frames_cover_the_picture_and_keep_their_shape(height, width, rows, columns, margin):
    picture = Picture(height=rows, width=columns, margin=margin)
    tall, wide = covering((height, width), picture)
    assert tall >= rows and wide >= columns
    assert min(tall / rows, wide / columns) <= margin + 0.5 / min(rows, columns) + 1e-9, (
        "no larger than it must be"
    )
    assert abs(tall / height - wide / width) <= 0.51 * (1 / height + 1 / width) + 1e-9, (
        "not distorted beyond rounding"
    )


def test_published_test_crop():
    assert covering((1080, 1920), Picture(height=224, width=224, margin=248 / 224)) == (248, 441)


def test_centre():
    frames = np.arange(5 * 7 * 3).reshape(1, 5, 7, 3)
    np.testing.assert_array_equal(centre(frames, Picture(height=3, width=3)), frames[:, 1:4, 2:5])


def test_pixels_stay_bytes():
    frames = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)[:, :, ::-1]
    moved = channels_first(frames)
    assert moved.dtype == torch.uint8 and np.array_equal(moved.numpy(), frames.transpose(0, 3, 1, 2))


def test_nothing_set_changes_nothing():
    frames = np.stack([barcode.draw(n) for n in range(5)])
    np.testing.assert_array_equal(augmented(frames, Augment(), [(0, 0, n) for n in range(5)]), frames)


def test_each_setting_does_what_it_says():
    frames = np.stack([barcode.draw(2730)] * 200)
    seeds = [(0, 0, n) for n in range(200)]
    flipped = augmented(frames, Augment(flip=0.5), seeds)
    mirrored = [(frame == frames[0, :, ::-1]).all() for frame in flipped]
    assert (
        all(m or (frame == frames[0]).all() for m, frame in zip(mirrored, flipped))
        and 0.35 < np.mean(mirrored) < 0.65
    )
    brighter = augmented(frames, Augment(brightness=0.3), seeds).reshape(200, -1).astype(float)
    ratio = brighter.mean(1) / frames[0].mean()
    assert 0.68 < ratio.min() < 0.8 and 1.1 < ratio.max() < 1.32
    contrasts = augmented(frames, Augment(contrast=0.3), seeds).reshape(200, -1).std(1) / frames[0].std()
    assert 0.68 < contrasts.min() < 0.8 and 1.1 < contrasts.max() < 1.32
    coloured = augmented(frames, Augment(colour=0.2), seeds).mean((1, 2))
    assert np.abs(coloured[:, 0] - coloured[:, 1]).max() > 5
    cropped = augmented(frames, Augment(smallest=0.5), seeds)
    assert cropped.shape == frames.shape and len(np.unique(cropped.reshape(200, -1), axis=0)) > 150


def test_one_seed_a_frame():
    with pytest.raises(ValueError, match="zip"):
        augmented(np.zeros((2, 8, 8, 3), np.uint8), Augment(), [(0, 0, 0)])
