"""Predictions of one video after another, and the outputs that are asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.console import track
from foretaste.prediction.elan import write_elan
from foretaste.prediction.gathering import open_model
from foretaste.prediction.overlay import write_overlay
from foretaste.prediction.page import write_page
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.told import Told, as_told, header, keep, lines_of, write_json
from foretaste.prediction.truth import known_of
from foretaste.prediction.vtt import write_vtt
from foretaste.prediction.watched import Watched, watch

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
        if not outputs:
            self._print(watched)
            return
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "moments.jsonl"
            keep(lines, self._moments(watched, str(video)))
            told = Told(self._header(watched, video), lines)
            for name, path in outputs.items():
                WRITERS[name](told, watched, path)

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

    def _print(self, watched: Watched) -> None:
        predictor = self.predictor
        for moment in predictor.moments(watched, watched.times_s(self.every_s)):
            told = as_told(moment, predictor.facts, predictor.classes, self.top)
            print(lines_of(told, next(iter(told["top"]))), flush=True)
