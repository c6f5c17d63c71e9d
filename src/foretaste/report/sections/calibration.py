"""How sure models are and how often they are right: the calibration error in its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from foretaste.evaluation.metrics import BINS
from foretaste.report.figures import Series, lines
from foretaste.report.finished_runs import FinishedRuns

TITLE = "Calibration"

#: Bins of fewer samples are not drawn: a share of so few says little.
FEWEST = 10


@dataclass(frozen=True)
class Bin:
    """Samples whose first class has a like probability; ``confidence`` (its mean) and ``right`` (how often
    that class is the label) are per cent.
    """

    samples: int
    confidence: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """An arm. ``ece``: spread over seeds as in ``summary.json``; means over all samples, per cent;
    ``sureness``: by how many points it is surer than right.
    """

    label: str
    colour: str
    hollow: bool
    ece: Mapping[str, Any] | None
    confidence: float
    right: float
    sureness: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """``charts``: (title, finished SVG)."""

    bins: int
    fewest: int
    rows: Sequence[Row]
    charts: Sequence[tuple[str, Markup]]


def build(runs: FinishedRuns) -> Calibration:
    """Of the main head, the samples of all seeds and worlds together."""
    rows, curves = [], {"student": [], "teacher": []}
    used: set[str] = set()
    for model in runs.models:
        confidences, hits = _told(runs, model)
        found = reliability(confidences, hits)
        role, colour = runs.models[model]["role"], runs.palette[model]
        points = tuple((one.confidence, one.right) for one in found if one.samples >= FEWEST)
        curves[role].append(Series(runs.label(model), colour, points, dashed=(role, colour) in used))
        used.add((role, colour))
        means = 100 * float(confidences.mean()), 100 * float(hits.mean())
        rows.append(
            Row(
                label=runs.label(model), colour=colour, hollow=role == "teacher",
                ece=runs.arms[model][runs.heads[0]]["ece"],
                confidence=means[0], right=means[1], sureness=means[0] - means[1],
            )
        )  # fmt: skip
    charts = [
        (f"{role.capitalize()}s: how often right, by how sure (%)", _drawn(own))
        for role, own in curves.items()
        if any(one.points for one in own)
    ]
    return Calibration(bins=BINS, fewest=FEWEST, rows=rows, charts=charts)


def reliability(confidences: np.ndarray, hits: np.ndarray) -> list[Bin]:
    """The bins that hold a sample, as ``evaluation.metrics.calibration_error`` makes them; confidences (S,)
    from 0 to 1, hits (S,) bool.
    """
    bins = np.clip(np.ceil(confidences * BINS).astype(np.int64) - 1, 0, BINS - 1)
    found = []
    for number in np.unique(bins):
        rows = bins == number
        means = confidences[rows].mean(), hits[rows].mean()
        found.append(Bin(int(rows.sum()), 100 * float(means[0]), 100 * float(means[1])))
    return found


def _told(runs: FinishedRuns, model: str) -> tuple[np.ndarray, np.ndarray]:
    """(S,) probabilities of the first class, and whether it is the label, of every seed and world."""
    confidences, hits = [], []
    for world in runs.worlds:
        for seed in world.seeds(model):
            said = runs.said(world, model, seed, world.head)
            confidences.append(said.probabilities.max(axis=1))
            hits.append(world.ranks[model, seed] < 1)
    return np.concatenate(confidences), np.concatenate(hits)


def _drawn(series: Sequence[Series]) -> Markup:
    even = Series("as sure as right", "var(--soft)", ((0.0, 0.0), (100.0, 100.0)), dashed=True)
    return lines([even, *series], "probability of the first class, %", "how often it is right, %")
