"""A table of a paper: its numbers beside ours, and how far each row lies from the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.contracts.metrics import METRICS
from foretaste.report import verdict
from foretaste.report.written import number, signed


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One number: ours as mean and standard deviation over seeds, and the paper's; None for what there is
    not.
    """

    mean: float | None
    sd: float | None
    published: float | None

    @property
    def ours(self) -> str:
        """Ours, written."""
        return number(self.mean) if self.sd is None else f"{number(self.mean)} ±{number(self.sd)}"

    @property
    def theirs(self) -> str:
        """The paper's, with as many digits as it has."""
        return "–" if self.published is None else f"{self.published:g}"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row. ``gain``: ours minus the baseline's, ``limits``: of its interval; ``published_gain``: the
    paper's; empty where nothing is compared.
    """

    model: str
    label: str
    says: str
    seeds: int
    cells: Sequence[Cell]
    gain: str
    limits: str
    published_gain: str


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """``columns``: what the cells are, ``compared``: what the gains are in and how their intervals were
    made (empty where nothing is compared).
    """

    title: str
    notes: str
    columns: Sequence[str]
    compared: str
    lines: Sequence[Line]


def paper_table(summary: Mapping[str, Any]) -> PaperTable:
    """The table that a ``summary.json`` is about: rows in the order of its models, columns in that of its
    heads (a JSON object has none).
    """
    table, arms = summary["table"], summary["arms"]
    main, metric = _compared_in(table, summary["primary_metric"], summary["heads"][0])
    mine = {one["a"]: one for one in summary["comparisons"] if one["metric"] == metric}
    limits = dict(zip(mine, verdict.rows(list(mine.values()), signed), strict=True))
    gains = {model: signed(one["difference"]) for model, one in mine.items()}
    lines = []
    heads = [head for head in summary["heads"] if head in table["columns"]]
    for model in (model for model in summary["models"] if model in table["rows"]):
        row = table["rows"][model]
        own, base = (_published(table, one, main, metric) for one in (model, mine.get(model, {}).get("b")))
        known = None not in (own, base)
        lines.append(
            Line(
                model=model,
                label=arms[model]["label"],
                says=row["says"],
                seeds=len(arms[model]["seeds"]),
                cells=list(_cells(heads, table, row, arms[model])),
                gain=gains.get(model, ""),
                limits=limits.get(model, ""),
                published_gain=signed(own - base, 2) if known else "",
            )
        )
    how = f", {next(iter(mine.values()))['level']} % interval ({verdict.heading(list(mine.values()))})"
    return PaperTable(
        title=table["title"],
        notes=table["notes"],
        columns=columns({head: table["columns"][head] for head in heads}),
        compared=f"{METRICS[metric].title}{how}" if mine else "",
        lines=lines,
    )


def columns(shown: Mapping[str, Sequence[str]]) -> list[str]:
    """What the columns of a table are called; ``shown``: head -> metrics."""
    several = len(shown) > 1
    return [
        f"{head} {METRICS[metric].title}" if several else METRICS[metric].title
        for head, metrics in shown.items()
        for metric in metrics
    ]


def _compared_in(table: Mapping[str, Any], primary: str, main: str) -> tuple[str, str]:
    """Head and metric of the gains: the primary metric, or where the table does not show it, its first."""
    shown = table["columns"].get(main, ())
    return main, primary if primary in shown or not shown else shown[0]


def _published(table: Mapping[str, Any], model: str | None, head: str, metric: str) -> float | None:
    return None if model is None else table["rows"][model]["published"].get(head, {}).get(metric)


def _cells(
    heads: Sequence[str], table: Mapping[str, Any], row: Mapping[str, Any], arm: Mapping[str, Any]
) -> Sequence[Cell]:
    found = []
    for head in heads:
        for metric in table["columns"][head]:
            spread = (arm.get(head) or {}).get(metric) or {"mean": None, "sd": None}
            published = row["published"].get(head, {}).get(metric)
            found.append(Cell(mean=spread["mean"], sd=spread["sd"], published=published))
    return found
