"""Features in other people's formats: a folder of NumPy files.

npz    <video>.npz, each with the arrays feat, grid_index, pts_s, valid
npy    feat/<video>.npy, grid_index/<video>.npy, pts_s/<video>.npy, valid/<video>.npy
both   origin.json: what all videos share
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.file_checks import check_name
from foretaste.features.shard import ARRAYS, VideoFeatures, opened, read_origin, read_video
from foretaste.features.store import FeatureStore
from foretaste.pipeline import artifact


def write_npz(video: VideoFeatures, folder: Path) -> None:
    """One archive, not compressed."""
    with open(folder / f"{video.video_id}.npz", "wb") as file:
        np.savez(file, **{name: getattr(video, name) for name in ARRAYS})


def write_npy(video: VideoFeatures, folder: Path) -> None:
    """One file an array, in a folder for each kind."""
    for name in ARRAYS:
        (folder / name).mkdir(exist_ok=True)
        np.save(folder / name / f"{video.video_id}.npy", getattr(video, name), allow_pickle=False)


FORMATS: dict[str, Callable[[VideoFeatures, Path], None]] = {"npz": write_npz, "npy": write_npy}


def export(
    paths: Sequence[Path],
    name: str,
    folder: Path,
    follow: Callable[[Iterable[Path]], Iterable[Path]] = iter,
) -> int:
    """Write the videos of all shards in the format ``name`` into a new ``folder``, whole or not at all.

    ``follow`` wraps the shards for a progress bar. Returns the number of videos. Raises DataError as reading
    does, and for a folder that is there.
    """
    if folder.exists():
        raise DataError("it is there already", folder, "a new folder", "remove it, or choose another --out")
    origin = FeatureStore(paths).origin
    count = 0
    with artifact.whole(folder) as partial:
        partial.mkdir()
        for path in follow(paths):
            with opened(path) as file:
                for video_id in file["videos"]:
                    check_name(video_id, path)
                    FORMATS[name](read_video(file, video_id, read_origin(file, path), path), partial)
                    count += 1
        artifact.write_json(partial / "origin.json", asdict(origin))
    return count
