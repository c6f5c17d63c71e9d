"""Reading a score cache, by sample id, without torch.

A shard is read once, its sha256 compared with the manifest's, and kept in memory (EPIC-55 whole: 144 MB).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import DataError, unknown
from foretaste.pipeline import artifact
from foretaste.scores.format import FORMAT, MANIFEST, ONE_VIEW, decode, differences, identity, unpack


def open_scores(path: str | Path, expect: Mapping[str, Any] | None = None) -> Scores:
    """Open the cache in folder ``path``.

    expect
        Fields of the record that the caller relies on, e.g. ``{"classes": sha256, "context": {...}}``.

    Raises DataError, naming the field, where the record is not as expected, where it or the class list does not give
    the identity that the manifest states, and for a format newer than this reader.
    """
    folder = Path(path)
    manifest = artifact.read_json(folder / "manifest.json")
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(found, int) or not 1 <= found <= FORMAT:
        raise DataError(f"score cache of format {found}", folder, f"format 1 to {FORMAT}", "read it with a newer foretaste")
    missing = sorted(MANIFEST - set(manifest))
    if missing or any(Path(shard["file"]).parts != ("shards", Path(shard["file"]).name) for shard in manifest["shards"]):
        raise DataError(
            f"manifest without {', '.join(missing) or 'proper shards'}", folder, "a manifest as ScoreWriter writes it", "score again"
        )
    if identity(manifest["record"]) != manifest["identity"]:
        raise DataError("the record does not give the stated identity", folder / "manifest.json", manifest["identity"], "score again")
    classes = read_classes(folder / "classes.json")
    actual = {**manifest["record"], "classes": hashlib.sha256(classes.to_json().encode()).hexdigest()}
    for wanted, where in ((manifest["record"], folder / "classes.json"), (expect or {}, folder)):
        if unequal := differences(actual, wanted):
            field, has, wants = unequal[0]
            raise DataError(
                f"scores differ in {field} ({has!r})", where, f"{wants!r}",
                "score again with this configuration, or name the scores that fit",
            )  # fmt: skip
    return Scores(folder, manifest, classes)


class Scores:
    """The scores of one model. Arrays come in the order of the ids asked for, or in that of ``sample_ids(split)``.

    manifest
        The manifest as it is on disk: ``identity``, ``record``, ``heads``, ``splits``, ``facts`` ...
    classes
        The label space; column c of head h is the class ``classes.names(h)[c]``.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], classes: ClassSpace):
        self.folder = folder
        self.manifest = manifest
        self.classes = classes
        self._loaded: dict[str, _Split] = {}

    @property
    def identity(self) -> str:
        """The digest of everything the scores depend on."""
        return self.manifest["identity"]

    @property
    def heads(self) -> tuple[str, ...]:
        """Which of ``action``, ``verb``, ``noun`` there are."""
        return tuple(self.manifest["heads"])

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(self.manifest["splits"])

    def scored(self, split: str) -> str:
        """How the split's rows were made: ``in-sample``, ``out-of-fold`` or ``held-out``."""
        self._split(split)
        return self.manifest["splits"][split]["scored"]

    def sample_ids(self, split: str, view: str | None = None) -> tuple[str, ...]:
        """The samples of a split, as written."""
        loaded = self._split(split)
        return tuple(loaded.rows_by_view[self._view(loaded, split, view)])

    def logits(self, split: str, head: str, sample_ids: Sequence[str] | None = None, view: str | None = None) -> np.ndarray:
        """(n, C) float32; raises DataError naming a sample that is not there."""
        stored = self._tensor(split, f"{head}.logits", sample_ids, view)
        return decode(stored, self._tensor(split, f"{head}.max", sample_ids, view))

    def logsumexp(self, split: str, head: str, sample_ids: Sequence[str] | None = None, view: str | None = None) -> np.ndarray:
        """(n,) float32: log probability = logit - logsumexp."""
        return self._tensor(split, f"{head}.logsumexp", sample_ids, view)

    def embedding(self, split: str, sample_ids: Sequence[str] | None = None, view: str | None = None) -> np.ndarray:
        """(n, D) float32; raises DataError where the model kept none."""
        return self._tensor(split, "embedding", sample_ids, view)

    def digests(self, split: str, sample_ids: Sequence[str] | None = None, view: str | None = None) -> list[bytes]:
        """n times 16 bytes: of what the model was given."""
        return [row.tobytes() for row in self._tensor(split, "digest", sample_ids, view)]

    def folds(self, split: str, sample_ids: Sequence[str] | None = None, view: str | None = None) -> np.ndarray:
        """(n,) int16: the cross-fitting model that scored each sample; -1 = the model itself."""
        return self._tensor(split, "fold", sample_ids, view)

    def shown(self, split: str, sample_ids: Sequence[str] | None = None, view: str | None = None) -> list[Any]:
        """What the view showed of each sample: frame ids, crop, flip; None where nothing was noted."""
        loaded = self._split(split)
        view = self._view(loaded, split, view)
        ids = loaded.rows_by_view[view] if sample_ids is None else sample_ids
        self._rows(loaded, split, ids, view)
        return [loaded.shown.get((sample, view)) for sample in ids]

    def _tensor(self, split: str, name: str, sample_ids: Sequence[str] | None, view: str | None) -> np.ndarray:
        loaded = self._split(split)
        if name not in loaded.tensors:
            choices = sorted({key.removesuffix(".logits") for key in loaded.tensors if key.endswith(".logits") or key == "embedding"})
            raise unknown("scores", name.split(".")[0], choices, self.folder)
        view = self._view(loaded, split, view)
        return loaded.tensors[name][self._rows(loaded, split, sample_ids, view)]

    def _rows(self, loaded: _Split, split: str, sample_ids: Sequence[str] | None, view: str) -> np.ndarray:
        known = loaded.rows_by_view[view]
        if sample_ids is None:
            return loaded.in_order[view]
        rows = np.empty(len(sample_ids), dtype=np.int64)
        for i, sample in enumerate(sample_ids):
            row = known.get(sample)
            if row is None:
                raise DataError(
                    f"no scores of sample {sample!r}", f"{self.folder}: split {split}, view {view}",
                    f"one of its {len(known)} samples", "score this split again, or ask for samples that were scored",
                )  # fmt: skip
            rows[i] = row
        return rows

    def _view(self, loaded: _Split, split: str, view: str | None) -> str:
        if view is None and len(loaded.rows_by_view) == 1:
            return next(iter(loaded.rows_by_view))
        if view not in loaded.rows_by_view:
            raise unknown("view", view or ONE_VIEW, loaded.rows_by_view, f"{self.folder}: split {split}")
        return view

    def _split(self, split: str) -> _Split:
        if split not in self.manifest["splits"]:
            raise unknown("split", split, self.splits, self.folder)
        if split not in self._loaded:
            self._loaded[split] = _Split(
                [self._shard(s) for s in self.manifest["shards"] if s["split"] == split], self.manifest["splits"][split]
            )
        return self._loaded[split]

    def _shard(self, shard: Mapping[str, Any]) -> dict[str, np.ndarray]:
        file = self.folder / shard["file"]
        if not file.is_file():
            raise DataError("missing shard", file, f"{shard['bytes']} bytes", "fetch it, or score again")
        data = file.read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != shard["sha256"]:
            raise DataError(f"damaged shard (sha256 {found})", file, shard["sha256"], "fetch it again, or score again")
        return load_tensors(data)


@dataclass
class _Split:
    """The shards of one split, joined."""

    shards: list[dict[str, np.ndarray]]
    facts: Mapping[str, Any]

    @cached_property
    def tensors(self) -> dict[str, np.ndarray]:
        names = [name for name in self.shards[0] if not name.startswith("entry.")]
        return {name: np.concatenate([shard[name] for shard in self.shards]) for name in names}

    @cached_property
    def entries(self) -> list[tuple[int, str, str, int, Any]]:
        """(position, sample_id, view, row, shown), in the order in which they were written."""
        found, first = [], 0
        for shard in self.shards:
            ids = unpack(shard["entry.sample_id"], shard["entry.sample_id_stop"])
            shown = unpack(shard["entry.shown"], shard["entry.shown_stop"]) if "entry.shown" in shard else ["null"] * len(ids)
            views = [self.facts["views"][i] for i in shard["entry.view"].tolist()]
            rows = (shard["entry.row"] + first).tolist()
            found += zip(shard["entry.position"].tolist(), ids, views, rows, [json.loads(s) for s in shown], strict=True)
            first += len(shard["fold"])
        return sorted(found, key=lambda entry: entry[0])

    @cached_property
    def rows_by_view(self) -> dict[str, dict[str, int]]:
        rows: dict[str, dict[str, int]] = {view: {} for view in self.facts["views"]}
        for _, sample, view, row, _ in self.entries:
            rows[view][sample] = row
        return rows

    @cached_property
    def in_order(self) -> dict[str, np.ndarray]:
        return {view: np.fromiter(rows.values(), dtype=np.int64) for view, rows in self.rows_by_view.items()}

    @cached_property
    def shown(self) -> dict[tuple[str, str], Any]:
        return {(sample, view): shown for _, sample, view, _, shown in self.entries}
