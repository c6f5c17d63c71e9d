"""Bad input that was met, and samples that were dropped for it or for another reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from foretaste.contracts.tables import ISSUES, read_table
from foretaste.report.finished_runs import FinishedRuns

TITLE = "Data issues"


@dataclass(frozen=True)
class Dropped:
    """``count`` samples of a split's ``total`` were dropped for one reason."""

    split: str
    reason: str
    count: int
    total: int


@dataclass(frozen=True)
class Issues:
    """Rows of the issues tables, and what was dropped."""

    issues: Sequence[Mapping[str, Any]]
    dropped: Sequence[Dropped]


def build(runs: FinishedRuns) -> Issues:
    """Of all worlds together."""
    rows = []
    for path in runs.inputs["issues"]:
        rows += read_table(path, ISSUES).to_pylist()
    return Issues(rows, _dropped(runs.tables))


def _dropped(tables: Sequence[pa.Table]) -> list[Dropped]:
    counts: Counter = Counter()
    totals: Counter = Counter()
    for table in tables:
        for split, reason in zip(table["split"].to_pylist(), table["dropped_because"].to_pylist()):
            totals[split] += 1
            counts[split, reason] += reason is not None
    return [
        Dropped(split, reason, count, totals[split])
        for (split, reason), count in sorted(counts.items(), key=str)
        if count
    ]
