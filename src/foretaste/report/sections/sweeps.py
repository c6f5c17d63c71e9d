"""Sweeps: what each value of a setting gives, and which is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.contracts.metrics import METRICS
from foretaste.report.axis import Axis
from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.tracks import Track, tracks

TITLE = "Sweeps"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One value; ``own``: the model has it without the sweep."""

    value: str
    own: bool
    best: bool
    mean: float
    sd: float | None
    track: Track


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One setting of one model."""

    model: str
    setting: str
    colour: str
    axis: Axis
    rows: Sequence[Row]


@dataclass(frozen=True, kw_only=True)
class Sweeps:
    """``chosen_on_training``: whether the samples are of training videos that are kept for choosing."""

    metric: str
    chosen_on_training: bool
    sweeps: Sequence[Sweep]


def build(runs: FinishedRuns) -> Sweeps | None:
    """None where nothing is swept."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for point in runs.settings["sweeps"]:
        found.setdefault((point["model"], point["setting"]), []).append(point)
    if not found:
        return None
    return Sweeps(
        metric=METRICS[runs.primary].title,
        chosen_on_training=runs.settings["chosen_on_training"],
        sweeps=[_sweep(runs, model, setting, points) for (model, setting), points in found.items()],
    )


def _sweep(runs: FinishedRuns, model: str, setting: str, points: Sequence[Mapping[str, Any]]) -> Sweep:
    names = [point["name"] for point in points]
    spreads = {name: runs.arms[name][runs.heads[0]][runs.primary] for name in names}
    intervals = {name: runs.comparer.interval(name, None, runs.primary) for name in names}
    axis, placed = tracks(intervals, spreads)
    best = max(names, key=lambda name: spreads[name]["mean"])
    rows = [
        Row(
            value=str(point["value"]),
            own=name == model,
            best=name == best,
            mean=spreads[name]["mean"],
            sd=spreads[name]["sd"],
            track=placed[name],
        )
        for name, point in zip(names, points, strict=True)
    ]
    return Sweep(model=runs.label(model), setting=setting, colour=runs.palette[model], axis=axis, rows=rows)
