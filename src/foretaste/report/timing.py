"""What each stage cost: Snakemake's benchmark files, summed by rule."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError


@dataclass(frozen=True)
class Cost:
    """One job: seconds of wall and CPU time, peak resident memory in MB; None where Snakemake did not measure
    it (jobs shorter than its sampling interval).
    """

    wall_s: float | None
    cpu_s: float | None
    max_rss_mb: float | None


def read_cost(path: Path) -> Cost | None:
    """The last line of a benchmark file (``s``, ``max_rss``, ``cpu_time`` ... separated by tabs).

    None where there is no such file: the job's outputs were taken over, or made by hand.
    """
    if not path.exists():
        return None
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    if not rows or not {"s", "max_rss", "cpu_time"} <= set(rows[-1]):
        raise DataError("not a benchmark file", path, "columns s, max_rss and cpu_time", "rerun its rule")
    return Cost(*(_number(rows[-1][column]) for column in ("s", "cpu_time", "max_rss")))


def by_rule(jobs: Iterable[tuple[str, Cost | None]]) -> list[dict[str, Any]]:
    """One entry a rule, in the order of first appearance: times of its jobs added up, the largest memory.

    ``{"rule", "jobs", "wall_s", "cpu_s", "max_rss_mb"}``; jobs are those that were measured, a quantity that
    none of them has is None.
    """
    rules: dict[str, list[Cost]] = {}
    for rule, cost in jobs:
        if cost is not None:
            rules.setdefault(rule, []).append(cost)
    return [
        {
            "rule": rule,
            "jobs": len(costs),
            "wall_s": _rounded(sum, [c.wall_s for c in costs]),
            "cpu_s": _rounded(sum, [c.cpu_s for c in costs]),
            "max_rss_mb": _rounded(max, [c.max_rss_mb for c in costs]),
        }
        for rule, costs in rules.items()
    ]


def _number(text: str) -> float | None:
    return None if text in ("-", "NA", "") else float(text)


def _rounded(combine: Any, values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(combine(known), 2) if known else None
