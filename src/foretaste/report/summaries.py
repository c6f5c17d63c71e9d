"""``summary.json`` as pages and tables read it, whichever format it was written in.

Format 1 has one distillation term a protocol (``report.setting_line`` reads both). Older files of format 2
name no heads, and wrote groups with ``_`` for the dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.contracts.metrics import METRICS
from foretaste.pipeline import artifact

READABLE = (1, 2)

#: The heads of summaries that name none.
_HEADS = ("action", "verb", "noun")

_OLDER = {name.replace(".", "_"): name for name in METRICS}


def read_summary(path: Path) -> dict[str, Any]:
    """The summary in ``path``; DataError for anything else and for a format that is not known."""
    found = artifact.read_json(path)
    if not isinstance(found, dict) or not {"format", "arms", "primary_metric"} <= set(found):
        raise DataError("not a summary", path, "the summary.json of a finished report", "correct the path")
    if found["format"] not in READABLE:
        raise DataError(
            f"a summary of format {found['format']}",
            path,
            f"format {READABLE[0]} to {READABLE[-1]}",
            "read it with a newer foretaste",
        )
    heads = found.setdefault("heads", list(_HEADS))
    for arm in found["arms"].values():
        arm |= {head: _named(arm.get(head)) for head in heads}
    for one in found["comparisons"]:
        one["metric"] = _OLDER.get(one["metric"], one["metric"])
    return found


def _named(numbers: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The numbers of a head under the metrics' present names; None for those that it does not have."""
    if numbers is None:
        return None
    return {**dict.fromkeys(METRICS), **{_OLDER.get(name, name): value for name, value in numbers.items()}}
