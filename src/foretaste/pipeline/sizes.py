"""Sizes of files, and how people read them."""

from __future__ import annotations

import os
from pathlib import Path


def size_of(path: str) -> int:
    """Bytes of a file, or of all files in a folder."""
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(inner.stat().st_size for inner in Path(path).rglob("*") if inner.is_file())


def in_bytes(size: float | None) -> str:
    """Bytes in three digits (powers of 1000), an en dash for what is absent."""
    if size is None:
        return "–"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.3g} {unit}"
    return f"{size / 1000:.3g} TB"
