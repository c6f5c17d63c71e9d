"""What `foretaste predict` says of the samples of a run, beside what the run's scores hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from foretaste.prediction.gathering import open_model
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.watched import watch
from foretaste.scores.reader import open_scores


def check_as_cached(model: Path, samples: Path, videos: Path, split: str = "validation") -> int:
    """Assert that every sample of ``split`` is said to be what the scores of ``model`` hold, up to their half
    precision; how many there were.
    """
    predictor, scores = Predictor(open_model(model), "cpu"), open_scores(model / "scores")
    table = pq.read_table(samples)
    table = table.filter(pc.and_(pc.equal(table["split"], split), pc.is_null(table["dropped_because"])))
    table, count = table.sort_by("window_stop_s"), 0
    for name in sorted(set(table["video_id"].to_pylist())):
        own = table.filter(pc.equal(table["video_id"], name))
        edges_s = (own[column].to_numpy() for column in ("window_start_s", "window_stop_s"))
        said = list(predictor.of_windows(watch((videos / f"{name}.mp4").resolve()), *edges_s))
        for head in scores.heads:
            logits = np.stack([moment.logits[head] for moment in said])
            kept = scores.logits(split, head, own["sample_id"].to_pylist())
            below = logits.max(axis=1, keepdims=True) - logits
            # The cache holds the difference to the highest logit in half precision.
            assert (np.abs(logits - kept) <= 2.0**-11 * below + 1e-6).all(), (model.name, head)
        count += len(said)
    return count
