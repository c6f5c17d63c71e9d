"""Time, disk and memory of every rule, and what had been said of them before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.report.finished_runs import FinishedRuns

#: What of the rules is added up.
_ADDED = ("jobs", "wall_s", "cpu_s", "gpu_s", "bytes")

TITLE = "What it cost"


@dataclass(frozen=True)
class Cost:
    """``rows``: (a rule as in ``summary.json``, per cent of the longest wall time); ``total`` of all rules,
    and the ``peak`` of memory in MB; ``planned``: whether anything had been said of any.
    """

    rows: Sequence[tuple[Mapping[str, Any], float]]
    total: Mapping[str, float]
    peak: float
    planned: bool


def build(runs: FinishedRuns) -> Cost:
    """What of the jobs was measured."""
    stages = runs.summary["stages"]
    longest = max((stage["wall_s"] or 0 for stage in stages), default=0) or 1
    return Cost(
        rows=[(stage, round(100 * (stage["wall_s"] or 0) / longest, 2)) for stage in stages],
        total={key: sum(stage[key] or 0 for stage in stages) for key in _ADDED},
        peak=max((stage["max_rss_mb"] or 0 for stage in stages), default=0),
        planned=any(stage["planned"] for stage in stages),
    )
