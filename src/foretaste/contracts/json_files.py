"""JSON files as they are read everywhere: strictly, and whatever is wrong with one is a single error that
names it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import check_is_itself

T = TypeVar("T")

_CORRECT = "correct the path; if a stage made it, delete it and rerun the stage"


def read_json(path: Path, made_by: str = "the stage that makes it") -> Any:
    """The value of a JSON file. DataError for a missing one (run ``made_by``), and for one that is not UTF-8
    and JSON: NaN and infinity, a key given twice, half of a surrogate pair and nesting deeper than Python's
    stack are none. A byte order mark at the beginning says nothing, as in CSV files.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError("missing file", path, "a JSON file", f"run {made_by}") from error
    except (IsADirectoryError, NotADirectoryError) as error:
        raise DataError("not a file", path, "a JSON file", "correct the path") from error
    except UnicodeDecodeError as error:
        check_is_itself(path)
        raise DataError(
            f"not JSON ({error.reason} at byte {error.start})", path, "a JSON file in UTF-8", _CORRECT
        ) from error
    try:
        return parsed(text)
    except (ValueError, RecursionError) as error:
        check_is_itself(path)
        raise DataError(f"not JSON ({error})", path, "a JSON file", _CORRECT) from error


def parsed(text: str) -> Any:
    """The value of a JSON text, as strictly; raises ValueError and RecursionError."""
    value = json.loads(text, object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite)
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def versioned(value: Any, latest: int, what: str, where: object) -> dict[str, Any]:
    """``value`` if it is a table whose ``format`` is from 1 to ``latest``, else DataError: ``what`` it should
    have been.
    """
    expected = f"a {what} of format 1 to {latest}"
    if not isinstance(value, dict):
        raise DataError(f"no {what}, not a table of JSON but {_short(value)}", where, expected, _CORRECT)
    if "format" not in value:
        raise DataError(f"no {what}, for it has no format", where, expected, _CORRECT)
    found = value["format"]
    if type(found) is not int or found < 1:
        raise DataError(f"no {what}, for its format is {_short(found)}", where, expected, _CORRECT)
    if found > latest:
        raise DataError(
            f"{what} of format {_short(found)}",
            where,
            f"format 1 to {latest}",
            "read it with a newer foretaste",
        )
    return value


def _short(value: Any) -> str:
    """The beginning of ``value`` in JSON."""
    said = json.dumps(value)
    return said if len(said) <= 40 else f"{said[:37]}..."


def checked(value: Any, kind: type[T], where: object, to_do: str) -> T:
    """``value``, which was JSON, as ``kind``: a dataclass or a class of pydantic, whose types are taken
    strictly (no number is made of a text, no text of a number). DataError names the first field that is
    wrong.
    """
    try:
        return TypeAdapter(kind).validate_json(json.dumps(value), strict=True)
    except RecursionError as error:
        raise DataError("nested too deeply", where, f"a {kind.__name__}", to_do) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise DataError(f"{place}: {_shown(first)}", where, first["type"].replace("_", " "), to_do) from error


def _shown(complaint: Any) -> str:
    """What pydantic says, with the value if it is short."""
    said, value = complaint["msg"].removeprefix("Value error, "), complaint.get("input")
    return (
        f"{said} (got {value!r})"
        if isinstance(value, str | int | float | None) and len(repr(value)) < 60
        else said
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} twice")
    return made


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is too large")
    return number
