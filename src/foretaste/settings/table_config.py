"""The tables of a paper as a preset gives them: which models stand in them, and what the paper printed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, model_validator

from foretaste.contracts.metrics import METRICS
from foretaste.settings.options import EachOnce, Options
from foretaste.settings.setting_types import spelt

#: A metric that can be compared.
Metric = Literal[tuple(name for name, metric in METRICS.items() if metric.counts_hits)]

#: What a table is called after its system in targets and paths: `table3`, `table_verbs` where the paper's
#: number is not known.
TABLE = "table[a-z0-9_]+"


class RowConfig(Options):
    """One row: a model."""

    says: str = ""
    """What the paper calls it, where that is another model or another wording."""
    published: dict[str, dict[Metric, FiniteFloat]] = {}
    """The paper's numbers, head -> metric -> per cent; what it does not give is left out."""
    against: str | None = None
    """The row that it is compared with, where that is not the table's baseline."""


class TableConfig(Options):
    """One table, on one dataset."""

    title: str
    """What it shows, and whose table it is."""
    dataset: str
    """A file of workflow/datasets."""
    columns: Annotated[dict[str, Annotated[tuple[Metric, ...], EachOnce]], Field(min_length=1)]
    """Head -> the metrics that are shown of it."""
    baseline: str | None = None
    """The row that every other one is compared with; null: none is."""
    rows: Annotated[dict[str, RowConfig], Field(min_length=1)]
    """Model -> its row, in the order of the table."""
    notes: str = ""
    """What has to be known to read the numbers beside each other."""

    @model_validator(mode="after")
    def _fits_together(self) -> TableConfig:
        for base in (self.baseline, *(row.against for row in self.rows.values())):
            if base is not None and base not in self.rows:
                raise ValueError(f"{base} is no row to compare with: {', '.join(self.rows)}")
        for name, row in self.rows.items():
            for head, numbers in row.published.items():
                if strangers := sorted(set(numbers) - set(self.columns.get(head, ()))):
                    raise ValueError(f"rows.{name}.published: {head} {strangers[0]} is no column")
        return self

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The rows that are compared: each with its baseline."""
        bases = {name: row.against or self.baseline for name, row in self.rows.items()}
        return [(name, base) for name, base in bases.items() if base not in (None, name)]


#: The tables of a preset by name.
Tables = dict[Annotated[str, spelt(TABLE, "table<number>, or table_<name>")], TableConfig]
