"""A video file that nobody has probed, and the moments at which it is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from foretaste.contracts.errors import ConfigError, of_text
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import VIDEOS
from foretaste.video.frame_table import FrameTable, frame_tables
from foretaste.video.isolated import Onlooker

#: What the one video is called in tables.
VIDEO_ID = "video"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A probed video: a table of VIDEOS of one row, the folder that its path is relative to, and the row as
    readers take it.
    """

    table: pa.Table
    folder: Path
    frames: FrameTable

    def times_s(self, every_s: float) -> np.ndarray:
        """(n,) float64: the moments 0, ``every_s``, 2 ``every_s`` ... before its end."""
        count = int(np.ceil(self.frames.end_s / every_s))
        times_s = np.arange(count) * every_s
        return times_s[times_s < self.frames.end_s]


def watch(path: Path) -> Watched:
    """Look at the file, in a process of its own; DataError for one that cannot be used."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise of_text(error) from error
    with Onlooker() as onlooker:
        found, _ = onlooker.look(path, every_frame=False)
    row = {"video_id": VIDEO_ID, "modality": RGB, "path": path.name, **found}
    columns = [pa.array([row[field.name]], field.type) for field in VIDEOS.schema]
    table = pa.table(columns, schema=VIDEOS.schema)
    return Watched(table=table, folder=path.parent, frames=frame_tables(table, path.parent)[VIDEO_ID])


def check_every(every_s: float) -> None:
    """ConfigError for moments that do not follow each other."""
    if not 0.001 <= every_s < np.inf:
        raise ConfigError(f"--every {every_s:g}", "command line", "seconds, at least 0.001", "correct it")
