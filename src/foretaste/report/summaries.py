"""``summary.json`` as pages and tables read it, whichever format it was written in.

Format 1 has one distillation term a protocol (``report.setting_line`` reads both). Older files of format 2
name no heads, and wrote groups with ``_`` for the dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked
from foretaste.contracts.metrics import METRICS
from foretaste.pipeline import artifact

READABLE = (1, 2)

#: The heads of summaries that name none.
_HEADS = ("action", "verb", "noun")

_OLDER = {name.replace(".", "_"): name for name in METRICS}


class _Part(BaseModel, extra="allow"):
    """Some of a summary, as far as pages and tables rely on it."""


class _Spread(_Part):
    mean: float
    sd: float | None


class _Arm(_Part):
    label: str
    role: str


class _Comparison(_Part):
    a: str
    b: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    level: int


class _Summary(_Part):
    arms: Annotated[dict[str, _Arm], Field(min_length=1)]
    models: list[str]
    heads: Annotated[list[str], Field(min_length=1)]
    primary_metric: str
    comparisons: list[_Comparison]

    @model_validator(mode="after")
    def _agree(self) -> _Summary:
        named = {*self.models, *(side for one in self.comparisons for side in (one.a, one.b))}
        if strangers := sorted(named - set(self.arms)):
            raise ValueError(f"{strangers[0]!r} is no arm")
        metrics = {self.primary_metric, *(one.metric for one in self.comparisons)}
        if odd := sorted(metrics - {*METRICS, *_OLDER}):
            raise ValueError(f"{odd[0]!r} is no metric")
        return self


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
    checked(found, _Summary, path, "make the report again")
    for name, arm in found["arms"].items():
        for head in heads:
            checked(arm.get(head), _Numbers, f"{path}: {name}.{head}", "make the report again")
        arm |= {head: _named(arm.get(head)) for head in heads}
    for one in found["comparisons"]:
        one["metric"] = _OLDER.get(one["metric"], one["metric"])
    return found


#: What an arm says of a head, by metric.
_Numbers = dict[str, _Spread | None] | None


def _named(numbers: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The numbers of a head under the metrics' present names; None for those that it does not have."""
    if numbers is None:
        return None
    return {**dict.fromkeys(METRICS), **{_OLDER.get(name, name): value for name, value in numbers.items()}}
