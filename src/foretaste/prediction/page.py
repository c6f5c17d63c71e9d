"""Predictions as one HTML file: video, timeline and what is said at each time. Nothing is loaded from
elsewhere; light and dark follow the reader.
"""

from __future__ import annotations

import base64
import html
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from foretaste.pipeline.artifact import whole
from foretaste.pipeline.console import track
from foretaste.prediction.encode import even, write_video
from foretaste.prediction.told import Told, json_pieces
from foretaste.prediction.watched import Watched
from foretaste.video.decode import in_order

HERE = Path(__file__).parent

#: The longer side of the video in the page at most, in pixels, and what x264 is told: a page is sent by mail.
SIDE, OPTIONS = 640, {"crf": "28"}

#: Bytes that become base64 at a time, a multiple of 3.
_CHUNK = 3 << 18


def write_page(told: Told, watched: Watched, path: Path) -> None:
    """Write the page; it holds the video anew, as browsers play it, at most ``SIDE`` wide."""
    with tempfile.TemporaryDirectory() as scratch, whole(path) as partial:
        copy = Path(scratch) / "video.mp4"
        _write_copy(watched, copy)
        parts: dict[str, Callable[[], Iterator[str]]] = {
            "TITLE": lambda: iter([html.escape(told.header["video"]["file"])]),
            "WHAT": lambda: iter([html.escape(_what(told))]),
            "STYLE": lambda: iter([(HERE / "page.css").read_text(encoding="utf-8")]),
            "SCRIPT": lambda: iter([(HERE / "page.js").read_text(encoding="utf-8")]),
            "STEP": lambda: iter([f"{told.header['every_s']:g}"]),
            "LAST": lambda: iter([f"{_last_s(told):.6f}"]),
            # A class could be called "</script>", or "<!--<script>", after which no </script> ends anything.
            "TOLD": lambda: (piece.replace("<", "\\u003c") for piece in json_pieces(told)),
            "VIDEO": lambda: _base64(copy),
        }
        with open(partial, "w", encoding="utf-8") as file:
            template = (HERE / "page.html").read_text(encoding="utf-8")
            for number, text in enumerate(re.split(r"@@([A-Z]+)@@", template)):
                file.writelines(parts[text]() if number % 2 else [text])


def _write_copy(watched: Watched, path: Path) -> None:
    video = watched.frames
    height, width = video.shown_size
    scale = min(1.0, SIDE / max(height, width))
    size = even((round(height * scale), round(width * scale)))
    frames = in_order(video, np.arange(len(video.pts_s)), size)
    tracked = track(frames, "writing the video of the page", total=len(video.pts_s))
    pictures = ((float(video.pts_s[index]), picture) for index, picture in tracked)
    write_video(path, pictures, size, video, OPTIONS)


def _last_s(told: Told) -> float:
    """The last moment: the scrubber goes from one to the next."""
    every_s, duration_s = told.header["every_s"], told.header["video"]["duration_s"]
    return int(np.ceil(duration_s / every_s) - 1) * every_s


def _what(told: Told) -> str:
    """What the page shows, in two sentences."""
    head = told.header
    names = [head["model"].get(name) for name in ("dataset", "system", "model")]
    model = "/".join(name for name in names if name) or "a model"
    if head["ahead"]:
        what = f"what happens {head['tau_a']:g} s later, from the {head['window_s']:g} s before"
    else:
        what = f"what happens, from the last {head['window_s']:g} s"
    return f"At every moment {model} says {what}. Nothing later is shown to it."


def _base64(path: Path) -> Iterator[str]:
    with open(path, "rb") as file:
        while piece := file.read(_CHUNK):
            yield base64.b64encode(piece).decode("ascii")
