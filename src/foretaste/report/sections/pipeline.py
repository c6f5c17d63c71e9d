"""The pipeline of the system as a picture."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from foretaste.report.diagram import draw, pipeline
from foretaste.report.finished_runs import FinishedRuns

TITLE = "Pipeline"


@dataclass(frozen=True)
class Pipeline:
    """The finished SVG."""

    diagram: Markup


def build(runs: FinishedRuns) -> Pipeline:
    """The artifacts of the models that were run."""
    return Pipeline(draw(pipeline(runs.models, runs.settings["pretrained"]), runs.palette))
