"""The video with what is predicted below its picture: the likeliest classes, what came, and the window on a
timeline. Nothing of the picture is covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from foretaste.pipeline.console import track
from foretaste.prediction.encode import even, write_video
from foretaste.prediction.told import Told, now_true
from foretaste.prediction.watched import Watched
from foretaste.video.decode import in_order

#: Colours, R, G, B.
PAPER, INK, SOFT, LINE = (23, 22, 19), (236, 230, 218), (167, 159, 145), (70, 65, 57)
BAR, WINDOW, GAP, GOOD = (127, 177, 240), (79, 208, 194), (255, 155, 106), (111, 207, 151)

#: Lines of classes, and pixels of the smallest picture that text can be read below.
LINES, NARROWEST = 5, 480

#: Text that does not fit is written smaller, down to this share of its size, and then cut.
SMALLEST = 0.7


def write_overlay(told: Told, watched: Watched, path: Path) -> None:
    """Write the video; its frames keep their times."""
    video = watched.frames
    height, width = video.shown_size
    scale = max(1.0, NARROWEST / width)
    size = even((round(height * scale), round(width * scale)))
    panel = _Panel(told, size[1])
    frames = in_order(video, np.arange(len(video.pts_s)), size)

    def pictures() -> Iterator[tuple[float, np.ndarray]]:
        canvas = np.empty((size[0] + panel.height, size[1], 3), np.uint8)
        for index, picture in track(frames, f"writing {path.name}", total=len(video.pts_s)):
            time_s = float(video.pts_s[index])
            canvas[: size[0]] = picture
            canvas[size[0] :] = panel.at(time_s)
            yield time_s, canvas

    write_video(path, pictures(), (size[0] + panel.height, size[1]), video)


class _Panel:
    """What stands below the picture; its text is drawn once a moment."""

    def __init__(self, told: Told, width: int):
        self._told, self._width = told, width
        self._unit = max(14, round(width / 46))
        rows = 1 + LINES + 2
        self.height = even((round(rows * self._unit * 1.5 + self._unit), width))[0]
        self._font = cv2.FontFace("sans")
        self._coming = told.moments()
        self._now = next(self._coming)
        self._next = next(self._coming, None)
        self._text: np.ndarray | None = None

    def at(self, time_s: float) -> np.ndarray:
        """(height, W, 3) uint8 for a frame; times ascend."""
        while self._next is not None and self._next["time_s"] <= time_s:
            self._now, self._next, self._text = self._next, next(self._coming, None), None
        if self._text is None:
            self._text = self._drawn()
        picture = self._text.copy()
        self._timeline(picture, time_s)
        return picture

    def _drawn(self) -> np.ndarray:
        """The text, and the timeline without what moves."""
        picture = np.full((self.height, self._width, 3), PAPER, np.uint8)
        head, unit, moment = self._told.header, self._unit, self._now
        what = f"in {head['tau_a']:g} s" if head["ahead"] else "now"
        early = "    too early: one frame seen" if moment["too_early"] else ""
        self._write(picture, f"{moment['time_s']:.1f} s    {what}:{early}", unit, 0, SOFT)
        true, when = now_true(head["truth"], moment["about_s"])
        classes = next(iter(moment["top"].values()))
        half = self._width // 2
        for number, one in enumerate(classes[:LINES], 1):
            y = self._row(number)
            length = round(one["probability"] * (half - 3 * unit))
            cv2.rectangle(picture, (unit, y - unit), (unit + length, y + unit // 3), _dim(BAR), -1)
            right = true is not None and one["class"] == true["class"]
            self._write(
                picture, _name(one), unit + 4, number, GOOD if right else INK, half - unit, _share(one)
            )
        if true is not None:
            self._write(picture, f"truth: {_name(true)}", half, 1, INK)
            self._write(picture, f"({when})", half, 2, SOFT)
            for number, teacher in enumerate(true["teachers"][:1], 3):
                self._write(
                    picture, f"teacher: {_name(teacher[0])}", half, number, SOFT, end=_share(teacher[0])
                )
        top, bottom = self._edges()
        cv2.rectangle(picture, (unit, top), (self._width - unit, bottom), LINE, 1)
        for one in head["truth"]:
            stop_s = head["video"]["duration_s"] if one["stop_s"] is None else one["stop_s"]
            cv2.rectangle(picture, (self._x(one["start_s"]), bottom - 3), (self._x(stop_s), bottom), SOFT, -1)
        return picture

    def _timeline(self, picture: np.ndarray, time_s: float) -> None:
        """The window that is seen, and tau_a."""
        head, (top, bottom) = self._told.header, self._edges()
        start = self._x(max(time_s - head["window_s"], 0.0))
        now = self._x(time_s)
        cv2.rectangle(picture, (start, top + 1), (now, bottom - 5), _dim(WINDOW), -1)
        if head["ahead"]:
            cv2.rectangle(
                picture, (now, top + 1), (self._x(time_s + head["tau_a"]), bottom - 5), _dim(GAP), -1
            )
        cv2.line(picture, (now, top - 3), (now, bottom + 3), INK, 2)

    def _edges(self) -> tuple[int, int]:
        bottom = self.height - self._unit
        return bottom - self._unit, bottom

    def _x(self, time_s: float) -> int:
        inner = self._width - 2 * self._unit
        share = min(time_s / self._told.header["video"]["duration_s"], 1.0)
        return self._unit + round(inner * share)

    def _row(self, number: int) -> int:
        return round(self._unit * 1.5 * (number + 1))

    def _write(
        self,
        picture: np.ndarray,
        text: str,
        x: int,
        row: int,
        colour: tuple[int, int, int],
        until: int | None = None,
        end: str = "",
    ) -> None:
        """A line from ``x`` on, that ends before ``until`` or the margin; ``end`` of it is never cut."""
        room, size = (self._width - self._unit if until is None else until) - x, self._unit
        while size > SMALLEST * self._unit and self._length(text + end, size) > room:
            size -= 1
        while len(text) > 1 and self._length(text + end, size) > room:
            text = f"{text[:-2].rstrip()}…"
        cv2.putText(picture, text + end, (x, self._row(row)), colour, self._font, size, 400)

    def _length(self, text: str, size: int) -> int:
        """Pixels that a line takes."""
        left, _, width, _ = cv2.getTextSize((self._width, self.height), text, (0, 0), self._font, size, 400)
        return left + width


def _name(one: Mapping[str, Any]) -> str:
    return (one["name"] or "?").replace("_", " ")


def _share(one: Mapping[str, Any]) -> str:
    return f"  {100 * one['probability']:.0f} %"


def _dim(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """The colour as a wash under text."""
    return tuple(round(0.45 * one + 0.55 * paper) for one, paper in zip(colour, PAPER))
