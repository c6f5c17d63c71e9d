"""Boxes that others give as JSON, as rows of BOXES (``contracts.tables``).

Something-Else (Materzynska et al. 2020): video id -> a list of frames, ``{"name": "151201/0001.jpg",
"labels": [{"box2d": {"x1": 16.5, "y1": 95.4, "x2": 137.2, "y2": 178.5}, "standard_category": "0000", ...},
...], ...}``; frames count from 1, ``standard_category`` is "hand" or says which object it is. A frame that is
not in the list nobody looked at.

Radevski et al.: a list of ``{"id": "151201", "size": [427, 240], "frames": [[{"x1": 16, "y1": 95, "x2": 137,
"y2": 178, "category": "object", "score": 0.9}, ...], ...], ...}``, of 2021 without ``size`` and with a frame
as ``{"frame_objects": [...]}``; frame k of the list is frame k of the video.

Edges are pixels of the shown picture. Boxes are called "hand" or "object" and nothing else: what an object is
called are words of the clip's own label.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as short
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import read_json

HAND, OBJECT = "hand", "object"

#: x0, y0, x1, y1 in pixels.
Edges = tuple[float, float, float, float]


class BoxError(ValueError):
    """A clip whose boxes cannot be used; the message says why."""


@dataclass(frozen=True)
class Box:
    """One thing in one frame, which counts from 0."""

    frame: int
    label: str
    track: str | None
    edges: Edges
    score: float | None


@dataclass(frozen=True)
class Clip:
    """The boxes of a clip.

    looked
        The frames that somebody looked at, ascending.
    size
        Width and height of the picture, where the file says them.
    """

    boxes: list[Box] = field(default_factory=list)
    looked: tuple[int, ...] = ()
    size: tuple[int, int] | None = None

    @property
    def frames(self) -> int:
        """How many frames it has at least."""
        return self.looked[-1] + 1 if self.looked else 0


def read_clips(path: Path) -> Iterator[tuple[str, Clip | BoxError]]:
    """Each clip of a file by its video's id, or what is wrong with it; DataError for a file that is in
    neither layout.
    """
    given = read_json(path, "the download of the boxes")
    if isinstance(given, dict):
        entries = ((video_id, frames, _something_else) for video_id, frames in given.items())
    elif isinstance(given, list) and all(_has_id(one) for one in given):
        entries = ((one["id"], one, _radevski) for one in given)
    else:
        raise DataError(
            "no boxes of clips",
            path,
            'video ids and their frames, or a list of {"id": "151201", "frames": ...}',
            "use the published file",
        )
    for video_id, entry, read in entries:
        try:
            yield str(video_id), read(str(video_id), entry)
        except BoxError as reason:
            yield str(video_id), reason


def _has_id(entry: Any) -> bool:
    return isinstance(entry, dict) and type(entry.get("id")) in (str, int)


def _something_else(video_id: str, frames: Any) -> Clip:
    boxes, seen = [], set()
    for number, frame in enumerate(_listed(frames, "its frames"), 1):
        name = _of(frame, "name", f"frame {number} of the list")
        folders, _, file = str(name).rpartition("/")
        found = re.fullmatch(r"0*([1-9][0-9]{0,8})\.jpe?g", file)
        if not found:
            raise BoxError(f"a frame called {name!r}, expected a number from 1 on, as {video_id}/0001.jpg")
        if folders and folders.rpartition("/")[2] != video_id:
            raise BoxError(f"a frame called {name!r}, which is of another clip than {video_id!r}")
        index = int(found[1]) - 1
        if index in seen:
            raise BoxError(f"frame {index} a second time, as {name!r}")
        seen.add(index)
        for box in _listed(_of(frame, "labels", f"frame {index}"), f"the boxes of frame {index}"):
            which = _of(box, "standard_category", f"frame {index}")
            hand = isinstance(which, str) and HAND in which
            if not hand and not (isinstance(which, str) and re.fullmatch("[0-9]+", which)):
                raise BoxError(
                    f"frame {index}: standard_category {which!r}, expected hand, or 0000, 0001 ..."
                )
            edges = _edges(_of(box, "box2d", f"frame {index}"), index)
            # Of hands the file does not say which is which.
            boxes.append(Box(index, HAND if hand else OBJECT, None if hand else which, edges, None))
    return Clip(_once(boxes), tuple(sorted(seen)))


def _radevski(_: str, entry: Mapping[str, Any]) -> Clip:
    boxes = []
    frames = _listed(_of(entry, "frames", "clip"), "its frames")
    for index, frame in enumerate(frames):
        seen = _of(frame, "frame_objects", f"frame {index}") if isinstance(frame, dict) else frame
        for box in _listed(seen, f"the boxes of frame {index}"):
            label, score = _of(box, "category", f"frame {index}"), _of(box, "score", f"frame {index}")
            if label not in (HAND, OBJECT):
                raise BoxError(f"frame {index}: category {label!r}, expected {HAND} or {OBJECT}")
            if not _is_number(score) or not 0 <= score <= 1:
                raise BoxError(f"frame {index}: score {short(score)}, expected 0 to 1")
            boxes.append(Box(index, label, None, _edges(box, index), float(score)))
    size = _size(entry["size"]) if "size" in entry else None
    return Clip(_once(boxes), tuple(range(len(frames))), size)


def _once(boxes: list[Box]) -> list[Box]:
    """``boxes``; raises BoxError for one that is there twice: same frame, thing, edges and score."""
    seen = set()
    for box in boxes:
        if box in seen:
            said = ", ".join(f"{edge:g}" for edge in box.edges)
            raise BoxError(f"frame {box.frame}: a box twice, {box.track or box.label} with the edges {said}")
        seen.add(box)
    return boxes


def _size(given: Any) -> tuple[int, int]:
    if not isinstance(given, list) or len(given) != 2 or not all(type(one) is int for one in given):
        raise BoxError(f"size {short(given)}, expected width and height")
    return given[0], given[1]


def _edges(given: Any, frame: int) -> Edges:
    edges = tuple(_of(given, name, f"frame {frame}") for name in ("x1", "y1", "x2", "y2"))
    if not all(_is_number(edge) for edge in edges):
        raise BoxError(f"frame {frame}: a box with the edges {short(edges)}, expected numbers")
    return edges


def _of(given: Any, name: str, where: str) -> Any:
    if not isinstance(given, dict) or name not in given:
        raise BoxError(f"{where}: no {name}")
    return given[name]


def _listed(given: Any, what: str) -> list[Any]:
    if not isinstance(given, list):
        raise BoxError(f"{what} are no list")
    return given


def _is_number(given: Any) -> bool:
    return type(given) in (int, float) and abs(given) <= sys.float_info.max
