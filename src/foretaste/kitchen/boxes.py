"""The boxes of a world as a detector would give them: ``boxes.parquet`` (BOXES of ``contracts.tables``), from
the truth of every frame. A thing is called by its noun class, a hand "hand"; the truth knows no tracks.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.truth import HAND
from foretaste.kitchen.vocabulary import NOUN_IDS

_LABELS = {HAND: "hand", **{number: noun for noun, number in NOUN_IDS.items()}}


def boxes_of(config: WorldConfig, truth: pa.Table) -> dict[str, pa.Array]:
    """The columns of BOXES for the frames of ``truth`` (columns of ``kitchen.truth.TRUTH``)."""
    counts = truth["box_nouns"].combine_chunks().value_lengths().to_numpy()
    nouns = truth["box_nouns"].combine_chunks().flatten().to_pylist()
    edges = truth["boxes"].combine_chunks().flatten().to_numpy().reshape(-1, 4)
    edges = (edges / [config.width, config.height, config.width, config.height]).astype(np.float32)
    videos = truth["video_id"].to_pylist()
    times = truth["frame"].to_numpy() / config.fps
    nothing = pa.nulls(len(nouns))
    return {
        "video_id": pa.array(np.repeat(np.array(videos, dtype=object), counts), pa.string()),
        "time_s": pa.array(np.repeat(times, counts), pa.float64()),
        "track": nothing.cast(pa.string()),
        "label": pa.array([_LABELS[noun] for noun in nouns], pa.string()),
        **{name: pa.array(edges[:, column]) for column, name in enumerate(("x0", "y0", "x1", "y1"))},
        "score": nothing.cast(pa.float32()),
    }
