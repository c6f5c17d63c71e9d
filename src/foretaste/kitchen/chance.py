"""Random numbers by name: every part of a world draws from a stream of its own.

A stream depends on the seed and on its name only, so that parts can be made alone, in any order, by any
number of processes. ``random.Random`` seeded with text is specified to be stable across Python versions.
"""

from __future__ import annotations

from random import Random

import numpy as np


def stream(seed: int, *names: object) -> Random:
    """The stream called ``names`` of world ``seed``."""
    return Random("/".join(str(part) for part in (seed, *names)))


def field(random: Random, height: int, width: int) -> np.ndarray:
    """White noise in [-1, 1), float32 (height, width), from 8-bit draws of a stream."""
    grey = np.frombuffer(random.randbytes(height * width), np.uint8).reshape(height, width)
    return grey.astype(np.float32) / 128 - 1
