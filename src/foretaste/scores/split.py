"""The shards of one split: read with their sha256 compared, checked as far as a reader relies on them, and
joined.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from foretaste.contracts.errors import DataError
from foretaste.scores.format import DIGEST_BYTES, NO_FOLD, unpack

_AGAIN = "fetch it again, or score again"

Tensors = Mapping[str, np.ndarray]


class Split:
    """One split. ``tensors``: what belongs to rows, by name; ``entries``: (position, sample_id, view, row,
    shown) as written.
    """

    def __init__(self, shards: Sequence[Tensors], views: Sequence[str], where: str):
        self.views = tuple(views)
        names = [name for name in shards[0] if not name.startswith("entry.")]
        self.tensors = {name: np.concatenate([shard[name] for shard in shards]) for name in names}
        found, first = [], 0
        for shard in shards:
            found += _entries(shard, self.views, first)
            first += len(shard["fold"])
        self.entries = sorted(found, key=lambda entry: entry[0])
        if [entry[0] for entry in self.entries] != list(range(len(found))):
            raise DataError("entries are missing", where, "each place of the split once", _AGAIN)
        if twice := _repeated([(entry[1], entry[2]) for entry in self.entries]):
            raise DataError(
                f"sample {twice[0]!r} occurs twice in view {twice[1]!r}", where, "unique sample ids", _AGAIN
            )

    @cached_property
    def rows_by_view(self) -> dict[str, dict[str, int]]:
        rows: dict[str, dict[str, int]] = {view: {} for view in self.views}
        for _, sample, view, row, _ in self.entries:
            rows[view][sample] = row
        return rows

    @cached_property
    def in_order(self) -> dict[str, np.ndarray]:
        return {view: np.fromiter(rows.values(), dtype=np.int64) for view, rows in self.rows_by_view.items()}

    @cached_property
    def shown(self) -> dict[tuple[str, str], Any]:
        return {(sample, view): shown for _, sample, view, _, shown in self.entries}


def read_split(folder: Path, name: str, manifest: Mapping[str, Any]) -> Split:
    """The split ``name`` of a checked manifest; DataError for a missing, damaged or inconsistent shard."""
    views = manifest["splits"][name]["views"]
    shards = [
        _shard(folder, shard, manifest, len(views)) for shard in manifest["shards"] if shard["split"] == name
    ]
    return Split(shards, views, f"{folder}: split {name}")


def _shard(folder: Path, stated: Mapping[str, Any], manifest: Mapping[str, Any], views: int) -> Tensors:
    file = folder / stated["file"]
    if not file.is_file():
        raise DataError("missing shard", file, f"{stated['bytes']} bytes", "fetch it, or score again")
    data = file.read_bytes()
    if len(data) != stated["bytes"]:
        raise DataError(f"damaged shard ({len(data)} bytes)", file, f"{stated['bytes']} bytes", _AGAIN)
    found = hashlib.sha256(data).hexdigest()
    if found != stated["sha256"]:
        raise DataError(f"damaged shard (sha256 {found})", file, stated["sha256"], _AGAIN)
    try:
        tensors = load_tensors(data)
    except (SafetensorError, TypeError, KeyError, ValueError) as error:
        raise DataError(f"unreadable shard ({error})", file, "safetensors", _AGAIN) from error
    wrong = _layout(tensors, stated, manifest) or _values(tensors, stated["rows"], views)
    if wrong:
        raise DataError(wrong, file, "a shard as the manifest describes it", _AGAIN)
    return tensors


def _layout(tensors: Tensors, stated: Mapping[str, Any], manifest: Mapping[str, Any]) -> str | None:
    """What differs from the names, types and shapes of ``scores.format``; None where nothing does."""
    rows, entries = (stated["rows"],), (stated["entries"],)
    wanted: dict[str, tuple[str, tuple[int, ...] | None]] = {
        "digest": ("uint8", (*rows, DIGEST_BYTES)),
        "fold": ("int16", rows),
        "entry.row": ("int64", entries),
        "entry.position": ("int64", entries),
        "entry.view": ("int16", entries),
        "entry.sample_id": ("uint8", None),
        "entry.sample_id_stop": ("int64", entries),
    }
    for head, classes in manifest["heads"].items():
        wanted[f"{head}.logits"] = ("float16", (*rows, classes))
        wanted |= {f"{head}.max": ("float32", rows), f"{head}.logsumexp": ("float32", rows)}
    if manifest["embedding"] is not None:
        wanted["embedding"] = ("float32", (*rows, manifest["embedding"]))
    if "entry.shown" in tensors:
        wanted |= {"entry.shown": ("uint8", None), "entry.shown_stop": ("int64", entries)}
    if odd := sorted(set(wanted).symmetric_difference(tensors)):
        return f"tensor {odd[0]} is {'missing' if odd[0] in wanted else 'not known'}"
    for name, (dtype, shape) in wanted.items():
        found = tensors[name]
        if found.dtype != dtype or (found.ndim != 1 if shape is None else found.shape != shape):
            return f"{name} is {found.dtype} {found.shape} instead of {dtype} {shape or '(bytes,)'}"
    return None


def _values(tensors: Tensors, rows: int, views: int) -> str | None:
    """The first value that no reader could use: not finite, or pointing to what is not there."""
    for name, values in tensors.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            return f"{name} is not finite"
    for name, least, stop in (
        ("entry.row", 0, rows),
        ("entry.view", 0, views),
        ("fold", NO_FOLD, np.iinfo(np.int16).max),
    ):
        values = tensors[name]
        if values.min() < least or values.max() >= stop:
            return f"{name} out of range ({values.min()} to {values.max()})"
    for name in ("entry.sample_id", "entry.shown"):
        if name not in tensors:
            continue
        stops = tensors[f"{name}_stop"]
        if stops[0] < 0 or (np.diff(stops) < 0).any() or stops[-1] != len(tensors[name]):
            return f"{name} does not end where its stops say"
        try:
            texts = unpack(tensors[name], stops)
            if name == "entry.shown":
                [json.loads(text) for text in texts]
        except (ValueError, RecursionError) as error:
            return f"{name} is not readable ({error})"
    return None


def _entries(shard: Tensors, views: Sequence[str], first: int) -> list[tuple[int, str, str, int, Any]]:
    """The entries of a shard whose rows come after ``first`` others."""
    ids = unpack(shard["entry.sample_id"], shard["entry.sample_id_stop"])
    shown: list[Any] = [None] * len(ids)
    if "entry.shown" in shard:
        shown = [json.loads(text) for text in unpack(shard["entry.shown"], shard["entry.shown_stop"])]
    named = [views[index] for index in shard["entry.view"].tolist()]
    rows = (shard["entry.row"] + first).tolist()
    return list(zip(shard["entry.position"].tolist(), ids, named, rows, shown, strict=True))


def _repeated(keys: list[tuple[str, str]]) -> tuple[str, str] | None:
    seen = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return None
