"""Which modules of the package a marked thing passes, found by watching every call."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePath
from types import FrameType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import foretaste

PACKAGE = Path(foretaste.__file__).parent


def holds(value: Any, mark: str | float, depth: int = 6) -> bool:
    """Whether ``value`` holds the marked word or number, itself or somewhere inside."""
    if isinstance(value, str | PurePath):
        return isinstance(mark, str) and mark in str(value)
    if isinstance(value, float):
        return value == mark
    if depth == 0 or value is None or isinstance(value, int | bytes):
        return False
    if isinstance(value, pa.Table):
        return any(holds(column, mark, depth) for column in value.columns)
    if isinstance(value, pa.ChunkedArray | pa.Array):
        text = isinstance(mark, str) and pa.types.is_string(value.type)
        return text and bool(pc.any(pc.match_substring(value, mark)).as_py())
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "OU" and any(holds(one, mark, depth - 1) for one in value.ravel())
    if isinstance(value, dict):
        return any(holds(one, mark, depth - 1) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(holds(one, mark, depth - 1) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return any(holds(getattr(value, field.name, None), mark, depth - 1) for field in fields(value))
    if hasattr(type(value), "model_fields"):
        return any(holds(getattr(value, name), mark, depth - 1) for name in type(value).model_fields)
    return False


@contextmanager
def watched(mark: str | float) -> Iterator[list[str]]:
    """The modules that the marked thing passes, in the order in which it reaches them."""
    passed: list[str] = []
    known: dict[str, str | None] = {}

    def watch(frame: FrameType, event: str, given: Any) -> None:
        name = frame.f_code.co_filename
        if name not in known:
            inside = Path(name).is_relative_to(PACKAGE)
            known[name] = str(Path(name).relative_to(PACKAGE).with_suffix("")) if inside else None
        module = known[name]
        if module is None or module in passed:
            return
        if event == "call":
            code = frame.f_code
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            held = [frame.f_locals[one] for one in names if one in frame.f_locals and one not in ("cls",)]
        elif event == "return":
            held = [given]
        else:
            return
        sys.setprofile(None)
        try:
            if any(holds(one, mark) for one in held):
                passed.append(module)
        finally:
            sys.setprofile(watch)

    sys.setprofile(watch)
    try:
        yield passed
    finally:
        sys.setprofile(None)
