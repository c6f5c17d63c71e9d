"""The table of the paper that a report is about."""

from __future__ import annotations

from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.paper_table import PaperTable, paper_table

TITLE = "The paper's table"


def build(runs: FinishedRuns) -> PaperTable | None:
    """None for a report that is about no table."""
    return paper_table(runs.summary) if "table" in runs.settings else None
