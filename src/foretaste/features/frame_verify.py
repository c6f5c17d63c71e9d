"""Checking a frame store as a whole: what reading it leaves to whoever has the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.frame_store import FrameStore
from foretaste.features.frame_summary import Summary, summarise
from foretaste.pipeline.store import entry_of, faults


def verify(paths: Sequence[Path]) -> Summary:
    """Read and decode everything; returns what there is.

    Checked: that every file is the one in the record of the step, where it lies in a store; that the shards
    belong together; of every video its checksum, that its frames follow each other, and that each is a JPEG
    of its size with its CRC.

    Raises DataError listing everything that is wrong, of each video the first fault.
    """
    wrong = []
    for path in paths:
        if (entry := entry_of(path)) is not None:
            wrong += [f"{path}: by the record of the step, {fault}" for fault in faults(entry)]
    store = FrameStore(paths)
    wrong += [fault for name in store.videos for fault in _of_video(store, name)]
    if wrong:
        raise DataError(
            f"{len(wrong)} faults: {'; '.join(wrong)}",
            paths[0].parent if len(paths) > 1 else paths[0],
            "whole and consistent frame files",
            "get them again, or make them anew",
        )
    return summarise(paths)


def _of_video(store: FrameStore, name: str) -> Iterator[str]:
    said = store.said_of(name)
    if (np.diff(said.frame) <= 0).any() or (np.diff(said.pts_s) <= 0).any():
        yield f"{name}: frames do not follow each other"
    try:
        for frame in said.frame:
            store.pictures(name, np.array([frame]), (said.height, said.width))
    except DataError as error:
        yield str(error)
