"""Log-mel pictures against transforms by definition and the filters of transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers.audio_utils import mel_filter_bank

from foretaste.contracts.errors import ConfigError
from foretaste.settings.config import validated
from foretaste.video.mel import HIGHEST_DB, LOWEST_DB, Mel, bands, picture

RATE = 24_000


@pytest.mark.parametrize("mel", [Mel(), Mel(points=512, window=320, hop=240, pitches=48)])
def test_bands_are_those_of_transformers(mel):
    theirs = mel_filter_bank(
        num_frequency_bins=mel.points // 2 + 1,
        num_mel_filters=mel.pitches,
        min_frequency=0.0,
        max_frequency=RATE / 2,
        sampling_rate=RATE,
        norm=None,
        mel_scale="htk",
    )
    np.testing.assert_allclose(bands(mel, RATE).numpy(), theirs.T, atol=1e-5)


def test_a_picture_is_what_the_definition_gives():
    """Power of windowed transforms, summed by the bands, in decibels; without a change of size."""
    mel = Mel(points=64, window=48, hop=16, pitches=9)
    samples = np.random.default_rng(0).normal(0, 0.2, 16 * 8).astype(np.float32)
    window = np.zeros(64)
    window[8:56] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(48) / 48)
    padded = np.pad(samples.astype(np.float64), 32, mode="reflect")
    powers = [np.abs(np.fft.rfft(padded[16 * t : 16 * t + 64] * window)) ** 2 for t in range(9)]
    decibels = 10 * np.log10(bands(mel, RATE).double().numpy() @ np.array(powers).T)
    wanted = np.clip(np.rint((decibels - LOWEST_DB) * 255 / (HIGHEST_DB - LOWEST_DB)), 0, 255)
    made = picture(torch.from_numpy(samples)[None], mel, RATE, 9)[0].numpy()
    assert np.abs(made - wanted).max() <= 1 and (made == wanted).mean() > 0.95


def test_silence_is_the_least_and_a_louder_sound_is_brighter():
    time = torch.arange(RATE) / RATE
    tone = torch.sin(2 * torch.pi * 1000 * time)
    silence, quiet, loud = picture(torch.stack((0 * tone, 0.1 * tone, tone)), Mel(), RATE, 32).int()
    assert (silence == 0).all()
    row = int(loud[:, 16].argmax())
    assert row == int(quiet[:, 16].argmax()) and 8 < row < 24
    # Ten times the amplitude is 20 dB.
    assert int(loud[row, 16] - quiet[row, 16]) == pytest.approx(20 * 255 / (HIGHEST_DB - LOWEST_DB), abs=1.5)


def test_a_window_longer_than_its_transform_is_refused():
    with pytest.raises(ConfigError, match="window has at most as many samples as points"):
        validated(Mel, {"points": 128, "window": 160}, "mel")
