"""Annotation files as rows that know where they stand, and the bad rows among them.

Whatever makes a whole file unreadable (it is missing, a column is missing) is a DataError at once. A row that
cannot be used is an ``Issue``: the reader goes on, so that one run lists them all.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import Issue


class RowError(ValueError):
    """A row that cannot be used; the message says why, naming the column and what was expected."""


def printable(text: str, what: str) -> str:
    """The text. Raises RowError for characters that nobody sees: two texts that look alike must be alike."""
    if not text.isprintable():
        raise RowError(f"{what} is {text!r}, expected no control or invisible characters")
    return text


@dataclass(frozen=True)
class Row:
    """One row: its cells by column name, stripped, and its line in the file (from 1, as editors count)."""

    file: str
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """The cell; raises RowError where it is empty, or holds what nobody sees."""
        if not self.cells[column]:
            raise RowError(f"{column} is empty")
        return printable(self.cells[column], column)

    def optional(self, column: str) -> str | None:
        """The cell; None where it is empty, or there is no such column; raises RowError as ``text``."""
        return self.text(column) if self.cells.get(column) else None

    def integer(self, column: str) -> int:
        """The cell as a whole number of 64 bits (leading zeros are allowed); raises RowError."""
        text = self.text(column)
        if not re.fullmatch(r" *-?[0-9]{1,18} *", text):  # int() would also take 1_0, and refuses 4301 digits
            raise RowError(f"{column} is {short(text)}, expected a whole number of at most 18 digits")
        return int(text)

    def class_id(self, column: str, names: Sequence[str]) -> int:
        """The cell as a position in ``names``; raises RowError where it is none."""
        number = self.integer(column)
        if not 0 <= number < len(names):
            raise RowError(f"{column} is {number}, expected a class id from 0 to {len(names) - 1}")
        return number

    def video(self, column: str) -> str:
        """The cell as a video id: a file's name, which leads nowhere else; raises RowError."""
        name = self.text(column)
        if name.startswith(".") or ".." in name or "/" in name or "\\" in name:
            raise RowError(f"{column} is {name!r}, expected a file's name without its folder and suffix")
        return name

    def seconds(self, column: str) -> float:
        """The cell, seconds as 75.5; raises RowError."""
        text = self.text(column)
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,12})?", text):
            raise RowError(f"{column} is {short(text)}, expected seconds as 75.5, 0 or more")
        return float(text)

    def clock(self, column: str) -> float:
        """The cell, ``hours:minutes:seconds`` as 00:59:07.25, as seconds; raises RowError."""
        found = re.fullmatch(r"([0-9]{1,5}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]+)?)", self.text(column))
        if not found:
            text = short(self.cells[column])
            raise RowError(f"{column} is {text}, expected hours:minutes:seconds as 00:59:07.25")
        hours, minutes, seconds = found.groups()
        return (int(hours) * 60 + int(minutes)) * 60 + float(seconds)


def short(text: str) -> str:
    """A cell as an error shows it: of a damaged file it may be as long as the file."""
    return repr(text) if len(text) <= 80 else f"{text[:60]!r}... ({len(text)} characters)"


@dataclass
class Found:
    """Bad rows met so far; ``root`` is the folder that file names in issues are relative to."""

    root: Path
    issues: list[Issue] = field(default_factory=list)

    def name(self, path: Path) -> str:
        """``path`` as it is named in issues."""
        return path.relative_to(self.root).as_posix()

    def add(self, row: Row, reason: object, key: str | None = None) -> None:
        """Note that ``row`` cannot be used."""
        self.issues.append(Issue(file=row.file, row=f"line {row.line}", key=key, reason=str(reason)))


def read_header(path: Path, delimiter: str = ",") -> tuple[str, ...]:
    """The names in the first line of a CSV file; raises DataError where it has none, or one twice."""
    return _header(_lines(path), path, delimiter)


def read_rows(
    path: Path,
    found: Found,
    columns: Sequence[str],
    *,
    header: bool,
    delimiter: str = ",",
    lost: str = "",
) -> Iterator[Row]:
    """The rows of a CSV file in UTF-8, with or without a byte order mark; blank lines are passed over.

    A row is a line: a quoted cell holds no line break, so that a quote too many spoils its own line and no
    other.

    columns
        With a header: the columns that must be there (others may be). Without: the columns there are, in
        order. A row with fewer or more cells than columns is a bad row.
    lost
        What else is lost with a bad row; its issue says so.

    Raises DataError where the file is missing, or lacks a column (without a header: in every row).
    """
    lines = _lines(path)
    names = _header(lines, path, delimiter) if header else tuple(columns)
    missing = [column for column in columns if column not in names]
    if missing:
        raise DataError(
            f"missing column {', '.join(missing)}",
            f"{path}: line 1",
            f"columns {', '.join(columns)} (it has {', '.join(names)})",
            "use the published file",
        )
    rows: list[tuple[int, list[str] | RowError]] = []
    for number, line in enumerate(lines[1:] if header else lines, 2 if header else 1):
        try:
            cells = _cells(line, delimiter)
        except RowError as reason:
            rows.append((number, reason))
        else:
            if cells:
                rows.append((number, cells))
    if rows and all(isinstance(cells, list) and len(cells) != len(names) for _, cells in rows):
        raise DataError(
            f"{len(rows[0][1])} columns",
            f"{path}: line {rows[0][0]}",
            f"{len(names)} ({', '.join(names)})",
            "use the published file",
        )
    name = found.name(path)
    for number, cells in rows:
        if isinstance(cells, RowError):
            found.add(Row(name, number, {}), f"{cells}{lost}")
        elif len(cells) != len(names):
            found.add(
                Row(name, number, {}), f"{len(cells)} cells, expected {len(names)} ({', '.join(names)}){lost}"
            )
        else:
            yield Row(name, number, dict(zip(names, (cell.strip() for cell in cells))))


def read_lines(path: Path, found: Found, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a text file without header or quotes, whose cells are parted by blanks; the first column
    may hold blanks itself. Lines with fewer cells are bad rows. Raises DataError where the file is missing.
    """
    for number, line in enumerate(_lines(path), 1):
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            found.add(Row(found.name(path), number, {}), f"byte {error.start + 1} is not UTF-8")
            continue
        cells = text.rsplit(maxsplit=len(columns) - 1)
        if cells and len(cells) != len(columns):
            expected = ", ".join(columns)
            found.add(Row(found.name(path), number, {}), f"{len(cells)} cells, expected {expected}")
        elif cells:
            yield Row(found.name(path), number, dict(zip(columns, cells)))


def every_row(path: Path, root: Path, columns: Sequence[str], delimiter: str = ",") -> list[Row]:
    """The rows of a file with a header of which each is needed, such as a class list; a bad one is a
    DataError.
    """
    found = Found(root)
    rows = list(read_rows(path, found, columns, header=True, delimiter=delimiter))
    if found.issues:
        first = found.issues[0]
        raise DataError(
            f"bad class list ({first.reason})",
            f"{path}: {first.row}",
            "a list that is whole",
            "mend the file",
        )
    return rows


def _lines(path: Path) -> list[bytes]:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            "missing annotation file",
            path,
            "a CSV file",
            "get it, or correct data_root and the reader's folders",
        ) from error
    except OSError as error:
        raise DataError(
            f"unreadable annotation file ({error.strerror})", path, "a CSV file", "get it again"
        ) from error
    return content.removeprefix(codecs.BOM_UTF8).splitlines()


def _header(lines: Sequence[bytes], path: Path, delimiter: str) -> tuple[str, ...]:
    try:
        names = tuple(name.strip() for name in (_cells(lines[0], delimiter) if lines else ()))
    except RowError as error:
        raise DataError(
            f"unreadable annotation file ({error})",
            f"{path}: line 1",
            "column names in UTF-8",
            "get it again",
        ) from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not any(names):
        raise DataError(
            f"column {twice[0]!r} twice" if twice else "no column names",
            f"{path}: line 1",
            "each column named once",
            "mend the first line",
        )
    return names


def _cells(line: bytes, delimiter: str) -> list[str]:
    """The cells of one line, none of a blank one; raises RowError."""
    try:
        text = line.decode("utf-8")
        cells = next(csv.reader([text], strict=True, delimiter=delimiter), [])
    except UnicodeDecodeError as error:
        raise RowError(f"byte {error.start + 1} is not UTF-8, expected UTF-8") from error
    except csv.Error as error:
        raise RowError(f"no CSV ({error}), expected one row a line and quotes in pairs") from error
    if "\0" in text:
        raise RowError("a NUL character, expected text")
    return cells


def read_names(path: Path, found: Found, id_column: str, name_column: str) -> tuple[str, ...]:
    """A class list with a header: names by class id. Ids must count up from 0; raises DataError otherwise."""
    names = []
    for row in every_row(path, found.root, (id_column, name_column)):
        if row.cells[id_column] != str(len(names)) or not row.cells[name_column]:
            raise bad_list(row, path, f"{id_column} {len(names)} and a name in {name_column}")
        try:
            names.append(row.text(name_column))
        except RowError as reason:
            raise bad_list(row, path, str(reason)) from reason
    return tuple(names)


def bad_list(row: Row, path: Path, expected: str) -> DataError:
    """The error for a class list that a label space cannot be made of."""
    return DataError(
        f"bad class list {list(row.cells.values())}",
        f"{path}: line {row.line}",
        expected,
        "use the published file",
    )
