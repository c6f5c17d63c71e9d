"""Predictions as subtitles: WebVTT, a cue a moment."""

from __future__ import annotations

import html
from pathlib import Path

from foretaste.pipeline.artifact import whole
from foretaste.prediction.told import Told, spans

#: Classes of a cue: three lines do not hide a picture.
SHOWN = 3


def write_vtt(told: Told, path: Path) -> None:
    """Write the cues; one lasts until the next."""
    with whole(path) as partial, open(partial, "w", encoding="utf-8") as file:
        file.write("WEBVTT\n")
        for start_s, stop_s, moment in spans(told):
            file.write(f"\n{_stamp(start_s)} --> {_stamp(stop_s)}\n")
            for one in next(iter(moment["top"].values()))[:SHOWN]:
                name = html.escape(one["name"].replace("_", " "), quote=False)
                file.write(f"{name} {100 * one['probability']:.0f} %\n")
            if moment["too_early"]:
                file.write("(too early: one frame seen)\n")


def _stamp(time_s: float) -> str:
    """As WebVTT writes times: 00:01:02.345."""
    minutes, milliseconds = divmod(round(time_s * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds / 1000:06.3f}"
