"""From boxes of clips, in pixels and by number of frame, to rows of BOXES: edges as shares, at the times of
the video's frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from foretaste.contracts.issues import Issue
from foretaste.contracts.tables import BOXES
from foretaste.video.frame_table import FrameTable
from foretaste.video.given_boxes import Box, BoxError, Clip, Edges

#: What becomes of edges that leave the picture or are out of order. ``exact``: the clip is a bad input.
#: ``published``: all edges are mended as the papers' code does (``mended``).
Rule = Literal["exact", "published"]


@dataclass
class Laid:
    """Rows of BOXES, and what is to be said of them.

    mended
        Boxes that ``published`` moved by a pixel or more.
    boxes
        The clips that are there: id -> how many boxes; other rows say only that somebody looked at a frame.
    early
        Clips whose boxes stop before the last frame: id -> frames up to the last one that somebody looked at,
        frames of the video.
    holes
        Clips with frames that nobody looked at before that one: id -> which, from 0.
    without_video
        Clips that were no video of the dataset.
    """

    columns: dict[str, list] = field(default_factory=lambda: {name: [] for name in BOXES.schema.names})
    issues: list[Issue] = field(default_factory=list)
    boxes: dict[str, int] = field(default_factory=dict)
    mended: int = 0
    early: dict[str, tuple[int, int]] = field(default_factory=dict)
    holes: dict[str, list[int]] = field(default_factory=dict)
    without_video: list[str] = field(default_factory=list)


def lay_out(
    clips: Iterable[tuple[str, str, Clip | BoxError]], videos: Mapping[str, FrameTable], rule: Rule
) -> Laid:
    """The boxes of ``clips`` (file, video id, boxes), in order of video and frame. A clip is there with all
    of its boxes or, as an issue, with none.
    """
    laid, seen = Laid(), set()
    rows: dict[str, list[tuple]] = {}
    for file, video_id, clip in clips:
        if video_id not in videos:
            laid.without_video.append(video_id)
            continue
        try:
            if isinstance(clip, BoxError):
                raise clip
            if video_id in seen:
                raise BoxError("boxes of this clip a second time, expected each clip once")
            seen.add(video_id)
            rows[video_id] = _rows(video_id, clip, videos[video_id], rule, laid)
        except BoxError as reason:
            laid.issues.append(Issue(file=file, key=video_id, reason=str(reason)))
    for video_id in sorted(rows):
        for row in sorted(rows[video_id], key=lambda row: row[1]):
            for column, value in zip(laid.columns.values(), row, strict=True):
                column.append(value)
    return laid


def _rows(video_id: str, clip: Clip, video: FrameTable, rule: Rule, laid: Laid) -> list[tuple]:
    height, width = video.shown_size
    pts_s = video.pts_s
    if clip.size is not None and clip.size != (width, height):
        raise BoxError(
            f"boxes in a picture of {clip.size[0]}x{clip.size[1]}, the video's are {width}x{height}"
        )
    if clip.frames > len(pts_s):
        raise BoxError(f"boxes of {clip.frames} frames, the video has {len(pts_s)}")
    rows, moved = [], 0
    for box in clip.boxes:
        edges = box.edges if rule == "exact" else mended(box.edges, width, height)
        if rule == "exact":
            _check(box, width, height)
        moved += max(abs(old - new) for old, new in zip(box.edges, edges, strict=True)) >= 1
        x0, y0, x1, y1 = edges
        shares = (x0 / width, y0 / height, x1 / width, y1 / height)
        rows.append((video_id, float(pts_s[box.frame]), box.track, box.label, *shares, box.score))
    laid.boxes[video_id] = len(rows)
    laid.mended += moved
    if clip.frames < len(pts_s):
        laid.early[video_id] = clip.frames, len(pts_s)
    if holes := sorted({*range(clip.frames)}.difference(clip.looked)):
        laid.holes[video_id] = holes
    return rows + [_looked_at(video_id, float(pts_s[frame])) for frame in _to_say(clip)]


def _to_say(clip: Clip) -> set[int]:
    """The frames that need a row of their own which says that somebody looked at them: those without a box;
    and the last one, so that each clip has such a row, which means that the others were not looked at.
    """
    boxed = {box.frame for box in clip.boxes}
    return ({*clip.looked} - boxed) | {*clip.looked[-1:]}


def _looked_at(video_id: str, time_s: float) -> tuple:
    nothing = [None] * (len(BOXES.schema) - 2)
    return video_id, time_s, *nothing


def _check(box: Box, width: int, height: int) -> None:
    x0, y0, x1, y1 = box.edges
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        said = ", ".join(f"{edge:g}" for edge in box.edges)
        expected = f"0 <= x1 < x2 <= {width}, 0 <= y1 < y2 <= {height}"
        raise BoxError(f"frame {box.frame}: a box with the edges {said}, expected {expected}")


def mended(edges: Edges, width: int, height: int) -> Edges:
    """Edges as Radevski et al. 2021 and 2023 mend them: whole pixels, none below 0, in order, none on or
    beyond the last row and column, and a box without width or height made one pixel wider, towards 0.
    """
    x0, y0, x1, y1 = (max(0, int(edge)) for edge in edges)
    left, right = _side(x0, x1, width)
    top, bottom = _side(y0, y1, height)
    return left, top, right, bottom


def _side(one: int, other: int, size: int) -> tuple[int, int]:
    low, high = (min(edge, size - 1) for edge in sorted((one, other)))
    if low < high:
        return low, high
    return (low - 1, high) if low else (0, 1)
