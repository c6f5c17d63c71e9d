"""How many samples of each split were dropped, and why: for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa


def dropped(tables: Sequence[pa.Table]) -> list[dict[str, Any]]:
    """``split``, ``reason``, ``count`` (samples of that reason) and ``total`` (of the split), of all worlds'
    SAMPLES together.
    """
    counts: Counter = Counter()
    totals: Counter = Counter()
    for table in tables:
        for split, reason in zip(table["split"].to_pylist(), table["dropped_because"].to_pylist()):
            totals[split] += 1
            counts[split, reason] += reason is not None
    return [
        {"split": split, "reason": reason, "count": count, "total": totals[split]}
        for (split, reason), count in sorted(counts.items(), key=str)
        if count
    ]
