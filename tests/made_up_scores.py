"""Makes small score caches of a made-up teacher."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from spaces import verb_noun

from foretaste.pipeline import artifact
from foretaste.scores.format import RECORD
from foretaste.scores.writer import ScoreWriter

CLASSES = verb_noun(
    action=tuple(f"cut_{noun}" for noun in "abcde"),
    verb=("cut", "wash"),
    noun=tuple("abcde"),
    action_verb=(0,) * 5,
    action_noun=tuple(range(5)),
)


def digest(text: str) -> bytes:
    """16 bytes of the sha256 of a text."""
    return hashlib.sha256(text.encode()).digest()[:16]


def make_record(**changes) -> dict:
    """A record with every field."""
    parts = {"numerics": {"precision": "fp32"}, "context": {"history_rule": "start", "history_length": 5}}
    return {field: f"{field}-1" for field in RECORD if field not in ("classes", *parts)} | parts | changes


def make_writer(folder: Path, **options) -> ScoreWriter:
    """A writer of a cache that was trained on nothing."""
    return ScoreWriter(folder, **{"model": "m", "record": make_record(), "classes": CLASSES, **options})


def make_cache(folder: Path, seed: int = 0, samples: int = 20, **options) -> dict[str, np.ndarray]:
    """Write a cache with splits ``training`` and ``validation``; returns the validation logits by head."""
    rng = np.random.default_rng(seed)
    with artifact.whole(folder) as partial:
        writer = ScoreWriter(
            partial,
            model="teacher",
            record=options.pop("record", make_record()),
            classes=CLASSES,
            trained_on=("training",),
            **options,
        )
        for split in ("training", "validation"):
            logits = {"action": rng.normal(0, 4, (samples, 5)), "verb": rng.normal(0, 4, (samples, 2))}
            ids = [f"{split}-{i}" for i in range(samples)]
            folds = [i % 2 for i in range(samples)] if split == "training" else -1
            writer.write(
                split,
                ids,
                [digest(i) for i in ids],
                logits,
                embedding=rng.normal(size=(samples, 3)),
                fold=folds,
            )
        writer.finish()
    return logits
