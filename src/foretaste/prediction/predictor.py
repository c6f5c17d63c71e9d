"""A package at work: what it says of every moment of a video, from the first to the last.

What a network is shown of a moment is what scoring shows it of a sample whose window ends there: the views
are those of the preset, over features and frames that the code of the workflow makes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.foreign_files import first_line
from foretaste.contracts.view import Sources, View
from foretaste.features.extract import Backbone, Settings
from foretaste.prediction.material import (
    Material,
    samples_of,
    settings_of,
    smallest_step_s,
    times_shown_s,
)
from foretaste.prediction.package import BACKBONE, NETWORK, Package
from foretaste.prediction.stream import Stream, spooled
from foretaste.prediction.watched import Watched
from foretaste.scores.mean import mean_logits
from foretaste.settings import families
from foretaste.training.checkpoint import load_model
from foretaste.training.fixed_views import fixed_views
from foretaste.training.material import build_view
from foretaste.training.precision import forward, place
from foretaste.training.samples import join

#: Moments whose features or frames are made together, and that the network is shown at once.
TOGETHER, BATCH = 64, 16

#: Moments of a stream that are computed together: as many are said late.
LIVE = 4


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a model says at a time of the video, in seconds after its first frame.

    shown_s
        Time stamp of the newest frame that it was shown.
    window_s
        (start, stop) of the window that it was shown; it starts before the video where less than a window has
        been seen, and the first frame stands for what is not there.
    too_early
        Whether it saw one frame only: there is nothing yet to tell from.
    logits
        head -> (C,) float32, as scoring gives them.
    """

    time_s: float
    shown_s: float
    window_s: tuple[float, float]
    too_early: bool
    logits: dict[str, np.ndarray]

    def top(self, head: str, k: int) -> list[tuple[int, float]]:
        """The ``k`` likeliest classes of a head, with their probabilities, the likeliest first."""
        logits = self.logits[head].astype(np.float64)
        odds = np.exp(logits - logits.max())
        best = np.argsort(-logits, kind="stable")[:k]
        return [(int(one), float(odds[one] / odds.sum())) for one in best]


def _device(name: str) -> torch.device:
    """ConfigError for one that this machine, or this torch, has not."""
    try:
        found = torch.device(name)
        torch.zeros(1, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(
            f"no device {name!r} ({first_line(error)})",
            "--device",
            "cpu, or cuda where there is a GPU",
            "name another, or leave it out",
        ) from error
    return found


class Predictor:
    """The networks of a package, in evaluation mode."""

    def __init__(self, package: Package, device: str | None = None):
        self.package, self.facts = package, package.facts
        self.device = _device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.set_num_threads(self.facts.threads)
        self.classes: ClassSpace = read_classes(package.parts[NETWORK] / "classes.json")
        self.backbone, self.settings = self._backbone()
        width = None if self.backbone is None else self.backbone.width
        start = package.start(NETWORK)
        self.base = Sources(classes=self.classes, feature_width=width, pretrained=start)
        model, _ = load_model(package.parts[NETWORK], self.base)
        self.model: nn.Module = model.to(self.device)

    def moments(self, video: Watched, times_s: np.ndarray) -> Iterator[Moment]:
        """A moment for each of ``times_s`` (n,), ascending. In memory is what some of them are shown."""
        return self.of_windows(video, times_s - self.facts.window_s, times_s)

    def of_windows(self, video: Watched, starts_s: np.ndarray, stops_s: np.ndarray) -> Iterator[Moment]:
        """A moment for each of the windows, from (n,) to (n,) seconds, whose stops ascend."""
        with tempfile.TemporaryDirectory() as scratch:
            material = Material(self.facts, video, Path(scratch), self.base)
            for first in range(0, len(stops_s), TOGETHER):
                own = slice(first, first + TOGETHER)
                yield from self._said(material, starts_s[own], stops_s[own])

    def of_stream(self, stream: Stream, every_s: float) -> Iterator[Moment]:
        """The moments of a stream, a few at a time, soon after their frames have come."""
        facts = self.facts
        ahead = LIVE + int(np.ceil(facts.window_s / every_s)) + 1
        with tempfile.TemporaryDirectory() as scratch:
            material = Material(facts, None, Path(scratch), self.base)
            first = 0
            while True:
                stops_s = (first + np.arange(LIVE)) * every_s
                # What windows to come may show is known before it is decoded.
                stream.wanted_s = times_shown_s(facts, (first + np.arange(ahead)) * every_s)
                stream.read_past(stops_s[-1])
                due_s = stops_s[stops_s < stream.end_s]
                if len(due_s):
                    material.video = spooled(stream, times_shown_s(facts, due_s), Path(scratch))
                    yield from self._said(material, due_s - facts.window_s, due_s)
                if len(due_s) < LIVE:
                    return
                first += LIVE
                stream.forget_before(first * every_s - facts.window_s)

    def _said(self, material: Material, starts_s: np.ndarray, stops_s: np.ndarray) -> Iterator[Moment]:
        """A moment for each of a few windows."""
        step_s = smallest_step_s(self.facts.view)
        samples = samples_of(starts_s, stops_s, self.facts, self.classes)
        view = build_view(self.facts.view, material.sources(samples, self.backbone, self.settings))
        logits = self._logits(view, samples)
        for row, window_s in enumerate(zip(starts_s.tolist(), stops_s.tolist())):
            yield Moment(
                time_s=window_s[1],
                shown_s=view.newest_s(row),
                window_s=window_s,
                too_early=window_s[1] < step_s,
                logits={head: values[row] for head, values in logits.items()},
            )

    def _logits(self, view: View, samples) -> dict[str, np.ndarray]:
        """head -> (n, C) float32 of all rows of a view."""
        rows = join(view, samples, range(len(view)))
        several = self.facts.test_views
        each = []
        for look in fixed_views(several):
            pieces: dict[str, list[np.ndarray]] = {}
            for start in range(0, len(rows), BATCH):
                batch = rows.batch(range(start, min(start + BATCH, len(rows))), look)
                with torch.inference_mode():
                    outputs = forward(self.model, place(batch, self.device, "fp32"), "fp32")
                for head, values in outputs.logits.items():
                    pieces.setdefault(head, []).append(values.float().cpu().numpy())
            each.append({head: np.concatenate(parts) for head, parts in pieces.items()})
        found = {}
        for head in each[0]:
            values = each[0][head]
            if several is not None:
                values = mean_logits([one[head] for one in each], several["space"]).astype(np.float32)
            found[head] = values / self.facts.temperatures.get(head, 1.0)
        return found

    def _backbone(self) -> tuple[Backbone | None, Settings | None]:
        made = self.facts.features
        if made is None:
            return None, None
        start = self.package.start(BACKBONE)
        if BACKBONE in self.package.parts:
            folder = self.package.parts[BACKBONE]
            classes = read_classes(folder / "classes.json")
            network, _ = load_model(folder, Sources(classes=classes, pretrained=start))
        elif start is not None:
            network = families.build("models", made.network, "network", sources=Sources(pretrained=start))
        else:
            raise ConfigError(
                "features without the network that makes them",
                "package",
                f"{BACKBONE}/",
                "export the model again",
            )
        return network.eval().to(self.device), settings_of(made, str(self.device))
