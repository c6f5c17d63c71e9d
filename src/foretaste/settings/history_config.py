"""Which earlier segments of the video a text teacher is shown."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt

from foretaste.settings.options import Options


class HistoryConfig(Options):
    """Which earlier segments of the video a text teacher is shown."""

    rule: Literal["end", "start", "all"] = "start"
    """With t the end of the window: segments that stop by t (`end`), that start before t (`start`), or before
    the target (`all`).
    """
    source: Literal["all_splits", "own_split"] = "all_splits"
    """Segments of the whole video, or only those of the sample's own split ("gappy")."""
    length: PositiveInt | None = 5
    """How many of the latest are kept."""
