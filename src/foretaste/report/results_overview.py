"""The first of the pages of results: of every system what helped and what did not, by the intervals of the
runs' own comparisons on the metric that their presets named beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.contracts.metrics import METRICS
from foretaste.report import verdict
from foretaste.report.written import number, signed

#: The papers' systems -> what each is about; presets that are based on one begin with its name.
SYSTEMS = {
    "lm_avt": "Language models teach video ([lm_avt](lm-avt.md))",
    "multimodal": "Flow and boxes teach RGB ([multimodal](multimodal.md))",
    "lanvikd": "Narrations teach video ([lanvikd](lanvikd.md))",
    "future": "The future teaches the past ([future](future.md))",
}
OTHERS = "Other presets"

#: What is said of a comparison -> the heading of its table.
HELPED, HURT, OPEN = (
    "What helped",
    "What did harm",
    "What made no difference that the data can tell from none",
)

_INTRODUCTION = """# Results

Made by `foretaste results-page docs/results/*.json`. Each row is a comparison that a preset named before its
run, in points of the preset's primary metric, with its 95 % interval over other videos and seeds. A row
stands under *helped* or *did harm* where the whole interval lies on one side of zero, and among the others
where it does not, or where the videos are too few to say. All numbers, the settings behind them and those of
the papers are in [the tables](results-tables.md).
"""


@dataclass(frozen=True)
class Row:
    """A comparison of one run, as it is shown."""

    verdict: str
    cells: tuple[str, ...]


def overview(found: Sequence[tuple[str, str, Mapping[str, Any]]], titles: Mapping[str, str]) -> str:
    """The page of (dataset, history rule, summary); ``titles``: what datasets are called."""
    lines = [_INTRODUCTION]
    for name, heading in {**SYSTEMS, OTHERS: OTHERS}.items():
        runs = [one for one in found if _system_of(one[2]) == name]
        rows = [row for one in runs for row in _rows(*one, titles)]
        if rows:
            lines += [f"## {heading}", ""]
        for kind in (HELPED, HURT, OPEN):
            of_kind = [row for row in rows if row.verdict == kind]
            if of_kind:
                lines += _table(kind, of_kind)
    return "\n".join(lines).rstrip("\n") + "\n"


def _system_of(summary: Mapping[str, Any]) -> str:
    return next((name for name in SYSTEMS if str(summary["system"]).startswith(name)), OTHERS)


def _rows(dataset: str, rule: str, summary: Mapping[str, Any], titles: Mapping[str, str]) -> list[Row]:
    primary, arms = summary["primary_metric"], summary["arms"]
    rows = []
    for one in summary["comparisons"]:
        if one["metric"] != primary:
            continue
        first, second = arms[one["a"]], arms[one["b"]]
        values = [arm[summary["heads"][0]][primary]["mean"] for arm in (first, second)]
        cells = (
            titles.get(dataset, dataset) + (f", `{rule}`" if rule else ""),
            f"{first['label']}",
            f"{second['label']}",
            METRICS[primary].title,
            f"{number(values[1])} → {number(values[0])}",
            signed(one["difference"]),
            verdict.limits(one, signed),
        )
        rows.append(Row(_verdict(one), cells))
    return rows


def _verdict(one: Mapping[str, Any]) -> str:
    if not verdict.sure(one):
        return OPEN
    return HELPED if one["low"] > 0 else HURT


def _table(kind: str, rows: Sequence[Row]) -> list[str]:
    head = ("data, history rule", "what", "over what", "metric", "from → to", "points", "95 % interval")
    return [
        f"### {kind}",
        "",
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(row.cells)} |" for row in rows),
        "",
    ]
