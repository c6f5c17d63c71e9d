"""Checking a feature store as a whole: what opening it leaves to whoever has the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.shard import (
    Origin,
    VideoFeatures,
    opened,
    read_format,
    read_origin,
    read_video,
    too_late,
)
from foretaste.features.summary import Summary, summarise
from foretaste.pipeline.store import entry_of, faults


def verify(paths: Sequence[Path]) -> Summary:
    """Read everything and check it; returns what there is.

    Checked: that every file is the one in the record of the step, where it lies in a store; that the shards
    belong together; of every video types, shapes and checksum, ascending grid indices, and of rows that are
    valid finite vectors and time stamps not later than the grid time.

    Raises DataError listing everything that is wrong.
    """
    wrong = []
    for path in paths:
        if (entry := entry_of(path)) is not None:
            wrong += [f"{path}: by the record of the step, {fault}" for fault in faults(entry)]
        wrong += _of_file(path)
    if wrong:
        raise DataError(
            f"{len(wrong)} faults: {'; '.join(wrong)}",
            paths[0].parent if len(paths) > 1 else paths[0],
            "whole and consistent feature files",
            "get them again, or make them anew",
        )
    return summarise(paths)


def without_checksums(paths: Sequence[Path]) -> list[Path]:
    """The files of format 1: nothing in them says what their values were."""
    older = []
    for path in paths:
        with opened(path) as file:
            if read_format(file, path) == 1:
                older.append(path)
    return older


def _of_file(path: Path) -> list[str]:
    wrong = []
    with opened(path) as file:
        origin = read_origin(file, path)
        for name in file["videos"]:
            try:
                video = read_video(file, name, origin, path)
            except DataError as error:
                wrong.append(str(error))
                continue
            wrong += [f"{path}: {name}: {fault}" for fault in _of_video(video, origin)]
    return wrong


def _of_video(video: VideoFeatures, origin: Origin) -> Iterator[str]:
    shown = video.grid_index[video.valid]
    if (np.diff(video.grid_index) <= 0).any():
        yield "grid indices do not ascend"
    if len(shown) and shown[0] < 0:
        yield f"grid index {int(shown[0])} is before the video"
    late = video.grid_index[too_late(video, origin.grid_fps)]
    if len(late):
        yield f"{len(late)} frames are later than their grid time, first at index {int(late[0])}"
    finite = np.isfinite(video.feat[video.valid]).all(axis=tuple(range(1, video.feat.ndim)))
    if not finite.all():
        first = int(shown[~finite][0])
        yield f"{int((~finite).sum())} rows are not finite (NaN or infinite), first at index {first}"
