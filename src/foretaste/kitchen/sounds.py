"""What a kitchen sounds like: a hum that is each kitchen's own, and the sounds of the hands' movements.

Every verb has its own rhythm and band of noise; what is handled shifts both, so that a sound tells its verb
well and its noun badly, as sounds do.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from foretaste.kitchen.chance import field, stream
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.schedule import Action, Timeline
from foretaste.kitchen.vocabulary import NOUN_IDS

#: Samples a second.
RATE = 16_000


@dataclass(frozen=True)
class Sound:
    """How a movement sounds.

    low, high
        Hz between which its noise lies.
    beats
        Strokes a second; 0: it goes on evenly.
    decay_s
        How fast a stroke dies away.
    loud
        Of 1.
    at
        Shares of the movement from and to which it is heard.
    """

    low: float
    high: float
    beats: float = 0.0
    decay_s: float = 0.05
    loud: float = 0.3
    at: tuple[float, float] = (0.0, 1.0)


SOUNDS: dict[str, Sound] = {
    "take": Sound(500, 1500, beats=1.5, decay_s=0.10, loud=0.15, at=(0.1, 0.6)),
    "put": Sound(80, 400, beats=1.0, decay_s=0.12, loud=0.5, at=(0.6, 1.0)),
    "open": Sound(250, 900, beats=9.0, decay_s=0.04, loud=0.2, at=(0.2, 0.9)),
    "close": Sound(100, 350, beats=0.8, decay_s=0.20, loud=0.6, at=(0.5, 1.0)),
    "wash": Sound(900, 6500, loud=0.25),
    "cut": Sound(150, 2500, beats=4.0, decay_s=0.03, loud=0.5),
    "peel": Sound(3000, 7500, beats=2.0, decay_s=0.20, loud=0.25),
    "grate": Sound(1800, 5000, beats=6.0, decay_s=0.09, loud=0.35),
    "crack": Sound(1200, 7500, beats=1.0, decay_s=0.02, loud=0.6, at=(0.3, 0.8)),
    "pour": Sound(300, 1800, loud=0.22, at=(0.2, 0.9)),
    "stir": Sound(500, 1600, beats=2.5, decay_s=0.18, loud=0.25),
    "turn-on": Sound(2500, 5500, beats=0.7, decay_s=0.015, loud=0.5, at=(0.3, 0.7)),
    "turn-off": Sound(1200, 2600, beats=0.7, decay_s=0.015, loud=0.5, at=(0.3, 0.7)),
    "sprinkle": Sound(4500, 7800, beats=14.0, decay_s=0.01, loud=0.2, at=(0.1, 0.9)),
    "spread": Sound(300, 1000, beats=1.2, decay_s=0.35, loud=0.18),
}

#: Half an octave up or down, by what is handled.
_SHIFT = 0.5


def soundtrack(config: WorldConfig, timeline: Timeline) -> np.ndarray:
    """(n,) float32 from -1 to 1 for the whole video."""
    video = timeline.video
    random = stream(config.seed, "sound", video.video_id)
    samples = _hum(stream(config.seed, "hum", video.participant), round(timeline.seconds * RATE), random)
    for action in timeline.actions:
        sound = SOUNDS[action.step.verb]
        first, last = (round(RATE * _within(action, share)) for share in sound.at)
        part = _stroke(sound, action.step.noun, last - first, random)
        room = samples[first : first + len(part)]  # the last movement may be cut off
        room += part[: len(room)]
    return np.clip(samples, -1, 1)


def _within(action: Action, share: float) -> float:
    return action.start + share * (action.stop - action.start)


def _hum(kitchen: Random, count: int, random: Random) -> np.ndarray:
    """A fridge and the air: a tone and its overtones, and noise."""
    pitch, loud = kitchen.uniform(48, 62), kitchen.uniform(0.01, 0.04)
    time = np.arange(count, dtype=np.float32) / RATE
    tones = sum(np.sin(2 * np.pi * pitch * n * time) / n for n in (1, 2, 3))
    return (loud * tones + kitchen.uniform(0.01, 0.03) * _noise(random, count)).astype(np.float32)


def _stroke(sound: Sound, noun: str, count: int, random: Random) -> np.ndarray:
    """(count,) float32 of one movement."""
    shift = 2 ** (_SHIFT * (2 * (NOUN_IDS[noun] % 9) / 8 - 1))
    spectrum = np.fft.rfft(_noise(random, count))
    hz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[(hz < sound.low * shift) | (hz > min(sound.high * shift, RATE / 2))] = 0
    noise = np.fft.irfft(spectrum, count)
    noise /= max(float(np.abs(noise).max()), 1e-6)
    return (sound.loud * random.uniform(0.6, 1.0) * noise * _envelope(sound, count, random)).astype(
        np.float32
    )


def _envelope(sound: Sound, count: int, random: Random) -> np.ndarray:
    """(count,) how loud it is when: strokes that die away, or all along."""
    time = np.arange(count) / RATE
    if not sound.beats:
        return np.minimum(1, np.minimum(time, time[::-1]) / 0.1)
    beats = sound.beats * random.uniform(0.85, 1.15)
    return np.exp(-(time % (1 / beats)) / sound.decay_s)


def _noise(random: Random, count: int) -> np.ndarray:
    return field(random, 1, count)[0]
