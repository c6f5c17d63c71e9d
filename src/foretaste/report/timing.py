"""What each stage cost: the records of the results behind a report, summed by stage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from foretaste.pipeline.store import Cost


def by_rule(results: Iterable[tuple[str, Cost | None]]) -> list[dict[str, Any]]:
    """One entry a stage, in the order of first appearance: times of its steps added up, the largest memory.

    ``{"rule", "jobs", "wall_s", "cpu_s", "gpu_s", "gpu_utilisation", "max_rss_mb"}``; how busy GPUs were is
    a mean over their seconds, None where it could not be read. Results that say nothing of their cost are
    left out.
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
            "gpu_s": round(sum(cost.gpu_s for cost in costs), 2),
            "gpu_utilisation": _utilisation(costs),
            "max_rss_mb": max(cost.max_rss_mb for cost in costs),
        }
        for stage, costs in stages.items()
    ]


def _utilisation(costs: list[Cost]) -> float | None:
    known = [cost for cost in costs if cost.gpu_utilisation is not None]
    seconds = sum(cost.gpu_s for cost in known)
    busy = sum(cost.gpu_s * cost.gpu_utilisation for cost in known)
    return round(busy / seconds, 1) if seconds else None
