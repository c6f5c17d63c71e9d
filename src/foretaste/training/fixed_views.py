"""The several ways in which a sample is scored, and the mean of what a network says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, get_args

import numpy as np

from foretaste.contracts.view import AnyLook, Crop, FixedView
from foretaste.scores.mean import Space, mean_logits
from foretaste.training.scoring import Scored


def fixed_views(settings: Mapping[str, Any] | None) -> tuple[AnyLook, ...]:
    """Those of the setting ``test_views`` of a model; without it the one way in which samples are scored."""
    if settings is None:
        return (None,)
    clips, flips = settings["clips"], (False, True) if settings["flipped"] else (False,)
    crops = get_args(Crop) if settings["crops"] == 3 else ("centre",)
    return tuple(
        FixedView(clip=clip, clips=clips, crop=crop, flip=flip)
        for clip, crop, flip in product(range(clips), crops, flips)
    )


def mean_scored(each: Sequence[Scored], space: Space) -> Scored:
    """The mean of what was said of the same rows in several views. ``space``: of logits (each view's log
    probabilities being taken) or of probabilities.
    """
    if len(each) == 1:
        return each[0]
    heads = each[0].logits
    means = {head: mean_logits([one.logits[head] for one in each], space) for head in heads}
    embedding = None
    if each[0].embedding is not None:
        embedding = np.mean([one.embedding for one in each], axis=0, dtype=np.float64).astype(np.float32)
    digests = zip(*(one.digests for one in each), strict=True)
    return Scored(
        ids=each[0].ids,
        logits={head: mean.astype(np.float32) for head, mean in means.items()},
        embedding=embedding,
        digests=tuple(hashlib.sha256(b"".join(parts)).digest()[:16] for parts in digests),
    )
