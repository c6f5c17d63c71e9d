"""What each stage cost: the records of the results behind a report, summed by stage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from foretaste.pipeline.store import Cost


def by_rule(results: Iterable[tuple[str, Cost | None]]) -> list[dict[str, Any]]:
    """One entry a stage, in the order of first appearance: times of its steps added up, the largest memory.

    ``{"rule", "jobs", "wall_s", "cpu_s", "max_rss_mb"}``. Results that say nothing of their cost are left
    out.
    """
    stages: dict[str, list[Cost]] = {}
    for stage, cost in results:
        if cost is not None:
            stages.setdefault(stage, []).append(cost)
    return [
        {
            "rule": stage,
            "jobs": len(costs),
            "wall_s": round(sum(cost.wall_s for cost in costs), 2),
            "cpu_s": round(sum(cost.cpu_s for cost in costs), 2),
            "max_rss_mb": max(cost.max_rss_mb for cost in costs),
        }
        for stage, costs in stages.items()
    ]
