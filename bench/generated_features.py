"""GENERATED features for EPIC-KITCHENS-55's real labels: what a camera might tell of them, as noisy as asked.

    python bench/generated_features.py --data DIR --out FOLDER [--width 2048] [--noise 2]

DIR holds the label files (docs/own-data.md). FOLDER becomes a `data_root`: links to them, and
features/ircsn152/0.h5, which lm_avt's students read: 2 vectors a second of every video. A vector is the sum
of one for the verb and one for the noun of each action that is going on (standard normal, the same
everywhere) and of noise, ``--noise`` times as large, anew in each. So which actions follow each other, and
when, is real; perception is simulated: nothing of an action shows before it begins, and videos, kitchens and
hands do not differ. 1.2 GB at a width of 2048.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foretaste.annotations import epic55
from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, write_features
from foretaste.pipeline import artifact
from foretaste.video.windows import grid_index

FPS = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder with epic55/ and rulstm/"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the data_root to make")
    parser.add_argument(
        "--width", type=int, default=2048, help="values of a vector, D (default: %(default)s)"
    )
    parser.add_argument(
        "--noise",
        type=float,
        default=2.0,
        help="standard deviation of a value; that of what an action adds is 1 each for its verb and its noun "
        "(default: %(default)s)",
    )
    arguments = parser.parse_args()
    make_data(arguments.out.resolve(), arguments.data.resolve(), arguments.width, arguments.noise)


def make_data(folder: Path, data: Path, width: int, noise: float) -> None:
    """Links to the label files in ``data``, and the feature file, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("epic55", "rulstm"):
        if not (folder / name).exists():
            (folder / name).symlink_to(data / name)
    path = folder / "features" / "ircsn152" / "0.h5"
    if path.exists():
        return
    segments = epic55.build(epic55.Config(), root=folder, dataset="epic55").read().segments
    random = np.random.default_rng(0)
    meaning = {
        head: random.standard_normal((max(segments[f"{head}_id"].to_pylist()) + 1, width))
        for head in ("verb", "noun")
    }
    by_video: dict[str, list[dict]] = {}
    for segment in segments.to_pylist():
        by_video.setdefault(segment["video_id"], []).append(segment)
    path.parent.mkdir(parents=True)
    origin = Origin(
        grid_fps=FPS,
        grid_rule=GRID_RULE,
        width=width,
        dtype="float16",
        backbone=f'{{"generated": true, "noise": {noise}}}',
        weights_sha256="",
        picture="{}",
    )
    videos = (one_video(name, by_video[name], meaning, noise, random) for name in sorted(by_video))
    with artifact.whole(path) as partial:
        write_features(partial, origin, videos)


def one_video(
    video_id: str,
    segments: Sequence[dict],
    meaning: dict[str, np.ndarray],
    noise: float,
    random: np.random.Generator,
) -> VideoFeatures:
    """Vectors (n, D) from 0 s to the end of the video's last segment.

    meaning
        head -> (classes, D).
    """
    index = np.arange(grid_index(max(segment["stop_s"] for segment in segments), FPS) + 1)
    feat = noise * random.standard_normal((len(index), meaning["verb"].shape[1]))
    for segment in segments:
        going_on = (segment["start_s"] * FPS <= index) & (index <= segment["stop_s"] * FPS)
        feat[going_on] += meaning["verb"][segment["verb_id"]] + meaning["noun"][segment["noun_id"]]
    return VideoFeatures(
        video_id=video_id,
        feat=feat.astype(np.float16),
        grid_index=index,
        pts_s=index / FPS,
        valid=np.ones(len(index), bool),
        source_sha256="",
        decoder="generated",
        rotation=0,
    )


if __name__ == "__main__":
    main()
