"""What was predicted of one video, on disk: a header and a line of JSON a moment, so that every output reads
it from the first to the last and memory does not grow with the video.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretaste.contracts.classes import ClassSpace
from foretaste.pipeline.artifact import whole
from foretaste.prediction.package import Facts
from foretaste.prediction.predictor import Moment
from foretaste.prediction.watched import Watched

FORMAT = 1


@dataclass(frozen=True)
class Told:
    """``header`` as in the JSON file (docs/predict.md); the moments lie in the file ``lines``."""

    header: dict[str, Any]
    lines: Path

    def moments(self) -> Iterator[dict[str, Any]]:
        """Each as in the JSON file, in order."""
        with open(self.lines, encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def header(name: str, video: Watched, every_s: float, facts: Facts, truth: list[Any]) -> dict[str, Any]:
    """What the predictions of a video are of."""
    height, width = video.frames.shown_size
    return {
        "format": FORMAT,
        "video": {
            "file": name,
            "duration_s": video.frames.end_s,
            "rate_fps": video.frames.rate_fps,
            "width": width,
            "height": height,
            "digest": video.frames.digest,
        },
        "model": {**facts.model, "scores": facts.scores},
        "task": facts.task,
        "ahead": facts.ahead,
        "tau_a": facts.tau_a,
        "window_s": facts.window_s,
        "every_s": every_s,
        "truth": truth,
    }


def as_told(moment: Moment, facts: Facts, classes: ClassSpace, k: int) -> dict[str, Any]:
    """A moment as in the JSON file: the ``k`` likeliest classes of every head."""
    top = {
        head: [
            {"class": number, "name": classes.names(head)[number], "probability": round(probability, 6)}
            for number, probability in moment.top(head, k)
        ]
        for head in moment.logits
    }
    return {
        "time_s": round(moment.time_s, 6),
        "about_s": round(moment.time_s + facts.tau_a, 6) if facts.ahead else round(moment.time_s, 6),
        "shown_s": round(moment.shown_s, 6),
        "window_s": [round(edge_s, 6) for edge_s in moment.window_s],
        "too_early": moment.too_early,
        "top": top,
    }


def keep(lines: Path, moments: Iterable[dict[str, Any]]) -> None:
    """Write the moments, a line each."""
    with open(lines, "w", encoding="utf-8") as file:
        for moment in moments:
            file.write(json.dumps(moment, ensure_ascii=False) + "\n")


def write_json(told: Told, path: Path) -> None:
    """The header and all moments as one JSON file, a moment a line."""
    with whole(path) as partial, open(partial, "w", encoding="utf-8") as file:
        for piece in json_pieces(told):
            file.write(piece)


def json_pieces(told: Told) -> Iterator[str]:
    """The JSON text in pieces."""
    head = json.dumps(told.header, ensure_ascii=False, allow_nan=False)
    yield head[:-1] + ', "moments": [\n'
    for number, moment in enumerate(told.moments()):
        yield (",\n" if number else "") + json.dumps(moment, ensure_ascii=False, allow_nan=False)
    yield "\n]}\n"


def lines_of(moment: dict[str, Any], head: str, shown: int = 3) -> str:
    """A moment for a person: when, and what is likeliest."""
    said = ", ".join(
        f"{one['name'].replace('_', ' ')} {100 * one['probability']:.0f} %"
        for one in moment["top"][head][:shown]
    )
    early = "  (too early: one frame seen)" if moment["too_early"] else ""
    return f"{moment['time_s']:9.2f} s  {said}{early}"


def now_true(truth: list[dict[str, Any]], about_s: float) -> tuple[dict[str, Any] | None, str]:
    """The segment that goes on at ``about_s``, the newest of several, or else the next one; and when that is,
    in words. None where no more comes.
    """
    going = [one for one in truth if one["start_s"] <= about_s and (one["stop_s"] or math.inf) > about_s]
    if going:
        return going[-1], "goes on then"
    coming = next((one for one in truth if one["start_s"] > about_s), None)
    return coming, "" if coming is None else f"{coming['start_s'] - about_s:.1f} s later"


def spans(told: Told) -> Iterator[tuple[float, float, dict[str, Any]]]:
    """(start, stop, moment): each holds until the next, the last to the end of the video."""
    before: dict[str, Any] | None = None
    for moment in told.moments():
        if before is not None:
            yield before["time_s"], moment["time_s"], before
        before = moment
    if before is not None:
        yield before["time_s"], told.header["video"]["duration_s"], before
