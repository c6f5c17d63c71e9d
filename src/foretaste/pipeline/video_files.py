"""Which files of a folder are videos: those that match the dataset's pattern and have a video's suffix, in
any letter case.

The video's id is the name of its file without the suffix, whatever folder it lies in.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Collection
from pathlib import Path

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline.found_files import matching
from foretaste.settings.frame_folders import holds_frames

#: What the name of a video ends in. Whatever else lies beside videos (a README, subtitles, boxes) is left
#: alone.
SUFFIXES = (
    ".mp4", ".mkv", ".avi", ".webm", ".gif", ".mov", ".m4v", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv",
    ".flv", ".ogv", ".3gp",
)  # fmt: skip


#: What the name of a video ends in that comes as frames; one that is a folder of them may be called anything.
FRAME_SUFFIXES = (".tar",)


def video_files(
    folder: Path, pattern: str = "**/*", suffixes: Collection[str] = SUFFIXES
) -> dict[str, list[Path]]:
    """The videos of ``folder`` by id, each id and each list sorted; two links to one file count once.

    Raises ConfigError for a pattern that leaves the folder, DataError for a folder that is missing.
    """
    if not Path(folder).is_dir():
        raise DataError(
            "missing video folder", folder, "a folder of videos", "correct data_root or videos: folder"
        )
    found = defaultdict(list)
    framed = suffixes == FRAME_SUFFIXES
    for path in matching(folder, pattern, holds_frames if framed else None):
        if framed and path.is_dir():
            found[path.name].append(path)
        elif path.suffix.lower() in suffixes:
            found[path.stem].append(path)
    return {video_id: _distinct(found[video_id]) for video_id in sorted(found)}


def no_videos(folder: Path, pattern: str, suffixes: Collection[str] = SUFFIXES) -> ConfigError:
    """The error for a folder in which ``pattern`` finds no video: it says what lies there."""
    kinds = Counter(path.suffix or path.name for path in matching(folder, "**/*"))
    there = ", ".join(f"{count} named *{kind}" for kind, count in kinds.most_common(5)) or "no file at all"
    return ConfigError(
        f"no video matches {pattern}",
        folder,
        f"files whose names end in one of {' '.join(suffixes)}; found {there}",
        "correct data_root, or videos: folder and pattern",
    )


def _distinct(paths: list[Path]) -> list[Path]:
    """One path of each file, the first."""
    if len(paths) == 1:  # as is all but always; where each of a data set's clips lies takes seconds to ask
        return paths
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())
