"""Put the models of a system side by side: summary.json for programs, report.html for people."""

from __future__ import annotations

from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.report import arms_table
from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.page import render


def run(step: Step) -> None:
    """Write ``summary`` and ``report``."""
    runs = FinishedRuns.read(step.config, step.inputs)
    page = render(runs)
    artifact.write_json(step.outputs["summary"], runs.summary)
    with artifact.whole(step.outputs["report"]) as partial:
        partial.write_text(page, encoding="utf-8")
    for line in (*arms_table.table(runs.summary), f"report: {step.outputs['report']}"):
        console.say(line)
