"""Predictions of one video after another, and the outputs that are asked for."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.artifact import whole
from foretaste.pipeline.console import track
from foretaste.prediction.elan import write_elan
from foretaste.prediction.gathering import open_model
from foretaste.prediction.overlay import write_overlay
from foretaste.prediction.page import write_page
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.stream import opened_stream
from foretaste.prediction.told import Told, as_told, header, keep, lines_of, write_json
from foretaste.prediction.truth import known_of
from foretaste.prediction.vtt import write_vtt
from foretaste.prediction.watched import Watched, watch

#: As a file: what is written there goes to standard output, a line of JSON a moment.
STANDARD_OUTPUT = Path("-")

#: output -> what writes it from what was told of the video.
WRITERS: dict[str, Callable[[Told, Watched, Path], None]] = {
    "json": lambda told, _, path: write_json(told, path),
    "vtt": lambda told, _, path: write_vtt(told, path),
    "elan": lambda told, _, path: write_elan(told, path),
    "out": write_overlay,
    "html": write_page,
}


class Command:
    """A model, and how it is asked."""

    def __init__(
        self,
        *,
        model: Path,
        every_s: float,
        top: int,
        labels: Path | None = None,
        teacher: Path | None = None,
        device: str | None = None,
    ):
        self.every_s, self.top = every_s, top
        package = open_model(model)
        self.labels = labels or package.labels
        self.teachers = package.teachers if teacher is None else (teacher,)
        if teacher is not None and self.labels is None:
            raise ConfigError(
                "--teacher without labels",
                "command line",
                "--labels segments.parquet, whose segments the teacher scored",
                "give both",
            )
        self.predictor = Predictor(package, device)

    def predict(self, video: Path, outputs: Mapping[str, Path]) -> None:
        """Predict ``video`` and write ``outputs``; without any, print lines. Raises DataError for a file that
        does not decode.
        """
        watched = watch(video)
        if not outputs or outputs == {"json": STANDARD_OUTPUT}:
            self._print(watched, bool(outputs))
            return
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "moments.jsonl"
            keep(lines, self._moments(watched, str(video)))
            told = Told(self._header(watched, video), lines)
            for name, path in outputs.items():
                WRITERS[name](told, watched, path)

    def follow(self, name: str, output: Path | None) -> None:
        """Predict a stream as it comes: lines for a person, lines of JSON where ``output`` is -, and else a
        file of such lines once the stream has ended.
        """
        with opened_stream(name) as stream:
            predictor = self.predictor
            moments = predictor.of_stream(stream, self.every_s)
            told = (as_told(moment, predictor.facts, predictor.classes, self.top) for moment in moments)
            if output is None or output == STANDARD_OUTPUT:
                for moment in told:
                    self._say(moment, output is not None)
                return
            with whole(output) as partial:
                keep(partial, told)

    def _say(self, moment: dict[str, Any], as_json: bool) -> None:
        said = (
            json.dumps(moment, ensure_ascii=False) if as_json else lines_of(moment, next(iter(moment["top"])))
        )
        print(said, flush=True)

    def _header(self, watched: Watched, video: Path) -> dict[str, Any]:
        classes = self.predictor.classes
        truth = known_of(video.stem, self.labels, self.teachers, classes)
        return header(video.name, watched, self.every_s, self.predictor.facts, truth)

    def _moments(self, watched: Watched, what: str) -> Iterator[dict[str, Any]]:
        times_s = watched.times_s(self.every_s)
        predictor = self.predictor
        moments = predictor.moments(watched, times_s)
        for moment in track(moments, what, total=len(times_s)):
            yield as_told(moment, predictor.facts, predictor.classes, self.top)

    def _print(self, watched: Watched, as_json: bool) -> None:
        predictor = self.predictor
        for moment in predictor.moments(watched, watched.times_s(self.every_s)):
            self._say(as_told(moment, predictor.facts, predictor.classes, self.top), as_json)
