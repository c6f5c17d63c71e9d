"""What each stage cost: the records of the results behind a report, summed by stage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from foretaste.pipeline.store import Cost, Entry


def by_rule(results: Iterable[Entry]) -> list[dict[str, Any]]:
    """One entry a stage, in the order of first appearance: times and sizes of its steps added up, the largest
    memory.

    ``{"rule", "jobs", "wall_s", "cpu_s", "gpu_s", "gpu_utilisation", "max_rss_mb", "bytes", "planned"}``; how
    busy GPUs were is a mean over their seconds, None where it could not be read; ``planned`` is what had been
    said of them, None where that is nothing. Results that say nothing of their cost are left out.
    """
    stages: dict[str, list[Entry]] = {}
    for result in results:
        if result.cost is not None:
            stages.setdefault(result.record["stage"], []).append(result)
    return [_stage(stage, some) for stage, some in stages.items()]


def _stage(stage: str, results: list[Entry]) -> dict[str, Any]:
    costs = [result.cost for result in results]
    return {
        "rule": stage,
        "jobs": len(costs),
        "wall_s": round(sum(cost.wall_s for cost in costs), 2),
        "cpu_s": round(sum(cost.cpu_s for cost in costs), 2),
        "gpu_s": round(sum(cost.gpu_s for cost in costs), 2),
        "gpu_utilisation": _utilisation(costs),
        "max_rss_mb": max(cost.max_rss_mb for cost in costs),
        "bytes": sum(result.bytes for result in results),
        "planned": _planned(costs),
    }


def _planned(costs: list[Cost]) -> dict[str, Any] | None:
    """What had been said of some of the steps, as in ``by_rule``: ``jobs`` is how many they were."""
    known = [cost.planned for cost in costs if cost.planned is not None]
    if not known:
        return None
    return {
        "jobs": len(known),
        "cpu_s": round(sum(one.cpu_s for one in known), 2),
        "gpu_s": _added(one.gpu_s for one in known),
        "max_rss_mb": max((one.max_rss_mb for one in known if one.max_rss_mb is not None), default=None),
        "bytes": _added(one.bytes for one in known),
    }


def _added(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), 2) if known else None


def _utilisation(costs: list[Cost]) -> float | None:
    known = [cost for cost in costs if cost.gpu_utilisation is not None]
    seconds = sum(cost.gpu_s for cost in known)
    busy = sum(cost.gpu_s * cost.gpu_utilisation for cost in known)
    return round(busy / seconds, 1) if seconds else None
