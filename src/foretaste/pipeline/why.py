"""Why a result is to be made: what its record has that the record of what now bears its name has not."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.pipeline.graph import Node
from foretaste.pipeline.records import differences
from foretaste.pipeline.store import Entry, entry_of, read_entry

#: Differences that one line tells.
TOLD = 3


def reason(node: Node, names: Mapping[str, str]) -> str:
    """In a few words."""
    stored = stored_entry(names)
    if stored is None:
        return "new"
    found = [told(*one) for one in differences(node.record, stored.record)]
    if not found:
        return "not whole"
    more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
    return "; ".join(found[:TOLD]) + more


def stored_entry(names: Mapping[str, str]) -> Entry | None:
    """The record of what bears a result's names (output -> path) now; None where nothing does."""
    for name in names.values():
        if os.path.lexists(name) and (folder := entry_of(Path(name))) is not None:
            try:
                return read_entry(folder)
            except DataError:  # it counts as none
                return None
    return None


def told(field: str, planned: Any, stored: Any) -> str:
    """One difference between two records."""
    kind, _, inner = field.partition(".")
    if kind == "code":
        return f"code: {inner}"
    if kind == "inputs":
        made = next((value for value in (planned, stored) if isinstance(value, str) and ":" in value), None)
        return f"input {inner}" + (f" (of {made.partition('/')[0]})" if made else "")
    if kind == "libraries":
        return f"{inner} {stored or 'absent'} -> {planned or 'absent'}"
    return f"{field.removeprefix('config.')}: {_short(stored)} -> {_short(planned)}"


def _short(value: Any) -> str:
    said = "absent" if value is None else json.dumps(value)
    return said if len(said) <= 40 else f"{said[:37]}..."
