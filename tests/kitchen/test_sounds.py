"""The kitchen's sounds: where an action is, something is heard; verbs sound unlike each other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.schedule import plan_timeline
from foretaste.kitchen.sounds import RATE, SOUNDS, soundtrack
from foretaste.kitchen.vocabulary import VERBS
from foretaste.kitchen.world import World


@pytest.fixture(scope="module")
def heard():
    """(verb, loudness of its bands) of every action of some videos, and the loudness between actions."""
    config, spectra, pauses = WorldConfig(seed=100), [], []
    for video in World(config).videos[:8]:
        timeline = plan_timeline(config, video)
        samples = soundtrack(config, timeline)
        assert len(samples) == round(timeline.seconds * RATE) and np.abs(samples).max() <= 1
        for action in timeline.actions:
            part = samples[round(action.start * RATE) : round(action.stop * RATE)]
            spectra.append((action.step.verb, bands(part)))
        for before, after in zip(timeline.actions, timeline.actions[1:]):
            pauses.append(np.abs(samples[round(before.stop * RATE) : round(after.start * RATE)]).max())
    return spectra, pauses


def bands(part: np.ndarray) -> np.ndarray:
    power = np.abs(np.fft.rfft(part)) ** 2 / len(part)
    edges = (np.geomspace(60, 8000, 13) / RATE * len(part)).astype(int)
    return np.log([power[low:high].mean() for low, high in pairwise(edges)])


def test_every_verb_has_a_sound():
    assert set(SOUNDS) == set(VERBS)
    assert all(0 <= low < high <= 1 for low, high in (sound.at for sound in SOUNDS.values()))


def test_it_is_still_between_actions(heard):
    assert len(heard[1]) > 50 and max(heard[1]) < 0.2


def test_a_sound_tells_its_verb_more_often_than_chance(heard):
    """Of each action the nearest of all others, by how loud its bands are."""
    verbs, spectra = [verb for verb, _ in heard[0]], np.stack([one for _, one in heard[0]])
    apart = np.linalg.norm(spectra[:, None] - spectra[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    right = np.mean([verbs[near] == verb for near, verb in zip(apart.argmin(1), verbs)])
    assert right > 0.6
