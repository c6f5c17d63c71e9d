"""What the probe says of videos that can be used: which of them hold more than is shown, in which damage
would not be seen, and what making features of all of them will cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

#: Codecs in which FFmpeg tells most damage; in others (HEVC, VP8, VP9, GIF ...) much of it is concealed.
TELLING = (
    "h264", "mpeg4", "mpeg1video", "mpeg2video", "av1", "prores", "mjpeg", "jpeg2000", "ffv1",
)  # fmt: skip

#: The estimate is for frames on a grid of so many a second, as the presets have it, and for vectors of so
#: many half floats (ViT-B).
GRID_FPS, WIDTH = 4.0, 768

#: Names that a line lists.
_NAMED = 5


class Taken(NamedTuple):
    """What decoding a part of a video took."""

    frames: int
    cpu_s: float


def remarks(rows: Sequence[Mapping[str, Any]], taken: Sequence[Taken]) -> Iterator[str]:
    """Lines about the videos of ``rows`` (VIDEOS), the estimate last; ``taken`` is what each took while it
    was probed.
    """
    for row in rows:
        if row["streams"] > 1:
            yield f"{row['path']}: {row['streams']} video streams, of which the first is shown"
    silent = [row["path"] for row in rows if row["codec"] not in TELLING]
    if silent:
        codecs = ", ".join(sorted({row["codec"] for row in rows} - set(TELLING)))
        more = f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
        yield (
            f"{codecs}: FFmpeg does not tell damage that it conceals; compare the files' sums with those of"
            f" their publisher: {', '.join(silent[:_NAMED])}{more}"
        )
    if rows:
        yield estimate(rows, taken)


def estimate(rows: Sequence[Mapping[str, Any]], taken: Sequence[Taken]) -> str:
    """What features of every grid time of the videos cost, at most: only what samples show is made."""
    frames = sum(math.ceil(row["duration_s"] * GRID_FPS) for row in rows)
    cpu_s = sum(row["frames"] * one.cpu_s / one.frames for row, one in zip(rows, taken, strict=True))
    stored = frames * WIDTH * 2 / 1e6
    size = f"{stored:,.1f} MB" if stored < 1000 else f"{stored / 1000:,.1f} GB"
    hours = sum(row["duration_s"] for row in rows) / 3600
    return (
        f"{len(rows)} videos of {hours:.2f} h: features at {GRID_FPS:g} frames a second are of at most"
        f" {frames:,} frames, {cpu_s / 3600:.2f} CPU-hours of decoding and {size} (vectors of {WIDTH} half"
        " floats), one file a shard"
    )
