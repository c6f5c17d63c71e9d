"""The table of arms as plain text, for a terminal and a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.contracts.metrics import METRICS
from foretaste.report import verdict


def table(summary: Mapping[str, Any]) -> list[str]:
    """Lines: students, then teachers, per cent with the standard deviation over seeds; then the comparisons;
    then, if so, that the data are small.

    Numbers are those of the main head; the primary metric is marked with a star. cmr is the class-mean
    recall, msr the many-shot recall; unseen and tail are the class-mean recall@5 of unseen participants and
    of tail classes.
    """
    primary, main = summary["primary_metric"], summary["heads"][0]
    arms = {name: summary["arms"][name] for name in summary["models"]}
    # Nothing of an arm that does not answer the main head.
    numbers = {name: arm[main] or dict.fromkeys(METRICS) for name, arm in arms.items()}
    shown = [metric for metric in METRICS if any(own[metric] is not None for own in numbers.values())]
    rows = [["", *(METRICS[metric].short + (" *" if metric == primary else "") for metric in shown)]]
    for role in ("student", "teacher"):
        for name, arm in arms.items():
            if arm["role"] == role:
                rows.append([arm["label"], *(_cell(numbers[name][metric]) for metric in shown)])
    lines = _aligned(rows)
    compared = [one for one in summary["comparisons"] if one["metric"] == primary]
    if compared:
        lines += [
            "",
            (
                f"{METRICS[primary].short}, difference with its {compared[0]['level']} % interval"
                f" ({verdict.heading(compared)})"
            ),
        ]
        names = [f"{arms[one['a']]['label']} - {arms[one['b']]['label']}" for one in compared]
        differences = [f"{one['difference']:+.1f}" for one in compared]
        lines += _aligned(
            list(zip(names, differences, verdict.rows(compared, "{:+.1f}".format), strict=True))
        )
    small = verdict.small(summary)
    return lines if small is None else [*lines, "", small]


def _cell(spread: Mapping[str, Any] | None) -> str:
    if spread is None:
        return "-"
    return f"{spread['mean']:.1f}" + (f" ±{spread['sd']:.1f}" if spread["sd"] is not None else "")


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
