"""Stored frames as files: ``<video>/<frame, 10 digits>.jpg``, byte for byte, and beside the folders
``<video>.csv``, when each is shown, and ``origin.json``, what all videos share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.features.file_checks import check_name
from foretaste.features.frame_store import FrameStore
from foretaste.pipeline import artifact


def export(
    paths: Sequence[Path], folder: Path, follow: Callable[[Iterable[str]], Iterable[str]] = iter
) -> int:
    """Write the frames of all shards into a new ``folder``, whole or not at all.

    ``follow`` wraps the videos for a progress bar. Returns their number. Raises DataError as reading does,
    and for a folder that is there.
    """
    if folder.exists():
        raise DataError("it is there already", folder, "a new folder", "remove it, or choose another --out")
    store = FrameStore(paths)
    with artifact.whole(folder) as partial:
        partial.mkdir()
        for name in follow(store.videos):
            check_name(name, folder)
            _write(store, name, partial)
        artifact.write_json(partial / "origin.json", asdict(store.origin))
    return len(store.videos)


def _write(store: FrameStore, name: str, folder: Path) -> None:
    said = store.said_of(name)
    (folder / name).mkdir()
    for frame in said.frame:
        (jpeg,) = store.jpegs(name, np.array([frame]))
        (folder / name / f"{frame:010d}.jpg").write_bytes(jpeg.data)
    rows = [f"{frame},{pts_s!r}" for frame, pts_s in zip(said.frame.tolist(), said.pts_s.tolist())]
    (folder / f"{name}.csv").write_text("\n".join(["frame,pts_s", *rows, ""]), encoding="utf-8")
