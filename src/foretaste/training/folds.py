"""Cross-fitting: which training rows a fold's model must not see."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from foretaste.contracts.errors import ConfigError


def folds_by_video(video_ids: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """(n,) int64: the fold, 0 to ``folds`` - 1, of each row; rows of one video share theirs.

    Videos are dealt out in the order of sha256("<seed>/<video id>"), so a fold depends on nothing but the names, and folds
    differ by at most one video. Raises ConfigError where there are fewer videos than folds.
    """
    videos = sorted(set(video_ids), key=lambda video: (hashlib.sha256(f"{seed}/{video}".encode()).digest(), video))
    if len(videos) < folds:
        raise ConfigError(f"{folds} folds of {len(videos)} training videos", "model: folds", f"at most {len(videos)}", "use fewer folds")
    dealt = {video: index % folds for index, video in enumerate(videos)}
    return np.array([dealt[video] for video in video_ids], dtype=np.int64)
