"""Dealing out videos: for cross-fitting, and for choosing settings on videos that are not reported."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.errors import ConfigError

#: Deals out the videos that are held out.
HELD_OUT_SEED = 0


def folds_by_video(
    video_ids: Sequence[str], folds: int, seed: int, where: str = "model: folds"
) -> np.ndarray:
    """(n,) int64: the fold, 0 to ``folds`` - 1, of each row; rows of one video share theirs.

    Videos are dealt out in the order of sha256("<seed>/<video id>"), so a fold depends on nothing but the
    names, and folds differ by at most one video. Raises ConfigError, naming the setting (``where``), where
    there are fewer videos than folds.
    """
    videos = sorted(
        set(video_ids), key=lambda video: (hashlib.sha256(f"{seed}/{video}".encode()).digest(), video)
    )
    if len(videos) < folds:
        raise ConfigError(
            f"{folds} folds of {len(videos)} training videos", where, f"at most {len(videos)}", "lower it"
        )
    dealt = {video: index % folds for index, video in enumerate(videos)}
    return np.array([dealt[video] for video in video_ids], dtype=np.int64)


def for_choosing(segments: pa.Table, parts: int, evaluated: str) -> pa.Table:
    """The training segments (rows as SEGMENTS), those of one in ``parts`` videos as the split ``evaluated``;
    segments of other splits are left out.
    """
    training = segments.filter(pc.equal(segments["split"], "training"))
    dealt = folds_by_video(training["video_id"].to_pylist(), parts, HELD_OUT_SEED, "dataset: choose")
    splits = pa.array(
        np.where(dealt == 0, evaluated, "training").tolist(), training.schema.field("split").type
    )
    return training.set_column(training.schema.get_field_index("split"), "split", splits)
