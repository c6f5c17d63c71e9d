"""What one row of a CSV dataset says, cell by cell; a cell that cannot be used is a RowError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from foretaste.annotations.labels import Label
from foretaste.annotations.rows import Row, RowError

Times = Literal["seconds", "clock", "frames"]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """How rows are read.

    columns
        Field (``csv.Columns``) -> the file's name for its column.
    times, fps
        How times are written; of ``frames`` the frames a second.
    splits
        Word of the column ``split`` -> split.
    """

    columns: Mapping[str, str]
    times: Times
    fps: float | None
    splits: Mapping[str, str]

    def key(self, row: Row) -> str | None:
        """What an issue calls the row: its id, or else its video."""
        return row.cells[self.columns["id" if "id" in self.columns else "video"]] or None

    def text(self, row: Row, field: str) -> str:
        """The cell; raises RowError where it is empty, or holds what nobody sees."""
        return row.text(self.columns[field])

    def optional(self, row: Row, field: str) -> str | None:
        """The cell; None where it is empty or there is no such column."""
        return row.optional(self.columns[field]) if field in self.columns else None

    def label(self, row: Row) -> Label:
        """The label; an action without a name of its own is called after its verb and noun, ``take_cup``."""
        if "verb" not in self.columns:
            return Label(self.text(row, "action"))
        verb, noun = self.text(row, "verb"), self.text(row, "noun")
        action = self.text(row, "action") if "action" in self.columns else f"{verb}_{noun}"
        return Label(action, verb, noun)

    def video(self, row: Row) -> str:
        """The video id: a file's name, which leads nowhere else."""
        return row.video(self.columns["video"])

    def split(self, row: Row) -> str:
        """The split that the row's word stands for."""
        word = self.text(row, "split")
        if word not in self.splits:
            raise RowError(f"{self.columns['split']} is {word!r}, expected one of {', '.join(self.splits)}")
        return self.splits[word]

    def seconds(self, row: Row, field: str) -> float:
        """The time of ``start`` or ``stop``."""
        column, text = self.columns[field], self.text(row, field)
        if self.times == "clock":
            return row.clock(column)
        if self.times == "frames":
            if not re.fullmatch("[0-9]{1,12}", text):
                raise RowError(f"{column} is {text!r}, expected the number of a frame, 0 or more")
            return int(text) / self.fps
        return row.seconds(column)
