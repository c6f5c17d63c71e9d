"""How long before an action the newest thing lies that each model was shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from foretaste.report.figures import bars
from foretaste.report.finished_runs import FinishedRuns
from foretaste.scores.reader import open_scores

TITLE = "Observation windows"


@dataclass(frozen=True)
class Shown:
    """What models that were shown until the same times have in common: their labels, the seconds before the
    action, and a finished SVG.
    """

    labels: Sequence[str]
    samples: int
    least_s: float
    median_s: float
    most_s: float
    chart: Markup


@dataclass(frozen=True)
class Windows:
    """``split``: whose samples these are."""

    split: str
    rows: Sequence[Shown]


def build(runs: FinishedRuns) -> Windows | None:
    """From the scores of every model's first seed on the first world; None where nothing is anticipated."""
    world, split = runs.worlds[0], runs.settings["split"]
    alike: dict[str, list[str]] = {}
    for model in runs.models:
        scores = open_scores(runs.scores[world.name, model, world.seeds(model)[0]])
        found = (scores.manifest["facts"].get("shown_before_s") or {}).get(split)
        if found and found["samples"]:
            alike.setdefault(json.dumps(found, sort_keys=True), []).append(runs.label(model))
    rows = [_shown(labels, json.loads(facts)) for facts, labels in alike.items()]
    return Windows(split, rows) if rows else None


def _shown(labels: Sequence[str], facts: dict[str, Any]) -> Shown:
    drawn = facts.pop("histogram")
    return Shown(labels, **facts, chart=bars(**drawn, label="seconds before the action"))
