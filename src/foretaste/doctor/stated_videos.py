"""What a dataset says of its videos in a CSV file beside its labels: EPIC_video_info.csv of EPIC-KITCHENS-55,
EPIC_100_video_info.csv of EPIC-KITCHENS-100.
"""

from __future__ import annotations

from dataclasses import dataclass

from foretaste.annotations.rows import Found, RowError, read_header, read_rows
from foretaste.doctor.examined import Examined

PATTERN = "*video_info.csv"


@dataclass(frozen=True)
class Stated:
    """Of one video; None where the file does not say."""

    file: str
    fps: float | None
    duration_s: float | None


def stated_videos(dataset: Examined) -> dict[str, Stated]:
    """video_id -> what is stated; empty where there is no such file."""
    folders = sorted({path.parent for path in dataset.label_files})
    found: dict[str, Stated] = {}
    for path in (path for folder in folders for path in sorted(folder.glob(PATTERN))):
        names = read_header(path)
        named = next((name for name in ("video_id", "video") if name in names), None)
        if named is None:
            continue
        for row in read_rows(path, Found(dataset.labels_root), names, header=True):
            try:
                fps, duration_s = (row.seconds(one) if one in names else None for one in ("fps", "duration"))
                found[row.text(named)] = Stated(path.name, fps, duration_s)
            except RowError:
                continue
    return found
