"""Writing a score cache: rows are gathered by split, equal inputs are kept once, and the manifest is written
last.

with artifact.whole(path) as folder:
    writer = ScoreWriter(folder, record={...}, classes=classes, trained_on=("training",))
    for batch in ...:
        writer.write("validation", ids, digests, {"action": logits})
    writer.finish()
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline import artifact
from foretaste.scores.datasheet import DATASHEETS
from foretaste.scores.format import (
    DIGEST_BYTES,
    FORMAT,
    NO_FOLD,
    ONE_VIEW,
    RECORD,
    encode,
    how_scored,
    identity,
)
from foretaste.scores.gathered import GatheredSplit

#: Rows of one shard: about 40 MB with EPIC-55's 2,513 actions.
SHARD_ROWS = 8192


class ScoreWriter:
    """Gathers the scores of one model and writes them as a cache.

    folder
        Where to write; made if it is not there.
    model
        A name for people; the workflow gives none, for one result may have many.
    record
        What the scores depend on: every field of ``format.RECORD`` but ``classes``, JSON values.
    classes
        The label space; the width of each head is compared with it.
    trained_on
        Splits that the model was trained on; their rows are in-sample unless they come with folds. None where
        nobody can say.
    facts
        What else a reader should know (protocol settings, temperatures, ``data``: licence and terms of the
        data set); JSON values, kept in the manifest.
    floor
        See ``format.encode``; a change of it must be seen in the record's ``numerics``, so it is added there.
    """

    def __init__(
        self, folder: Path, *, record: Mapping[str, Any], classes: ClassSpace,
        trained_on: Sequence[str] | None = (), facts: Mapping[str, Any] | None = None,
        floor: float | None = None, model: str | None = None,
    ):  # fmt: skip
        expected = set(RECORD) - {"classes"}
        if set(record) != expected:
            raise ConfigError(
                f"record of {sorted(record)}",
                folder,
                f"the fields {sorted(expected)}",
                "give each one, null where it does not apply",
            )
        self._folder = Path(folder)
        self._model = model
        self._classes = classes
        self._trained_on = None if trained_on is None else list(trained_on)
        self._facts = dict(facts or {})
        self._floor = floor
        self._splits: dict[str, GatheredSplit] = {}
        self._heads: tuple[str, ...] | None = None
        digest = hashlib.sha256(classes.to_json().encode()).hexdigest()
        self._record = {
            **record,
            "classes": digest,
            "numerics": {**(record["numerics"] or {}), "floor": floor},
        }

    def write(
        self, split: str, sample_ids: Sequence[str], digests: Sequence[bytes], logits: Mapping[str,
        np.ndarray], *,
        embedding: np.ndarray | None = None, fold: int | Sequence[int] = NO_FOLD, view: str = ONE_VIEW,
        shown: Sequence[Any] | None = None,
    ) -> None:  # fmt: skip
        """Add n samples of a split.

        digests
            n times 16 bytes: of exactly what the model was given.
        logits
            head -> (n, C) float, of at least one head of the label space; the same heads in every call.
        embedding
            (n, D) float, or None; the same choice in every call.
        fold
            Number of the cross-fitting model that scored these samples (it was not trained on their videos),
            or one number each.
        view, shown
            Name of the view, and what it showed of each sample (frame ids, crop, flip) as JSON values.

        Raises DataError for a repeated (sample_id, view), a width that differs from the label space, logits
        that cannot be stored, and for one input with two different outputs (its digest then leaves out
        something the model sees).
        """
        ids = list(sample_ids)
        heads = tuple(head for head in self._classes.heads if head in logits)
        if self._heads is None:
            self._heads = heads
        if not heads or len(heads) != len(logits) or heads != self._heads:
            raise DataError(
                f"heads {sorted(logits)}",
                self._folder,
                f"{', '.join(self._heads or self._classes.heads)} in every call",
                "score all heads at once",
            )
        for name, values in (*logits.items(), *([("embedding", embedding)] if embedding is not None else [])):
            width = len(self._classes.names(name)) if name in heads else np.shape(values)[-1]
            if np.shape(values) != (len(ids), width):
                raise DataError(
                    f"{name} of shape {np.shape(values)}",
                    self._folder,
                    f"({len(ids)}, {width})",
                    "score with the classes of classes.json",
                )
        for digest in digests:
            if len(digest) != DIGEST_BYTES:
                raise DataError(
                    f"digest of {len(digest)} bytes",
                    self._folder,
                    f"{DIGEST_BYTES} bytes",
                    "cut the sha256 of the input",
                )
        folds = [fold] * len(ids) if isinstance(fold, int) else list(fold)
        if not len(ids) == len(digests) == len(folds) == len(ids if shown is None else shown):
            raise DataError(
                "ids, digests, folds and views differ in number",
                self._folder,
                f"{len(ids)} each",
                "give one of each a sample",
            )
        encoded = {head: encode(logits[head], self._floor, ids, self._folder) for head in heads}
        rows = {}
        for head, parts in encoded.items():
            rows |= {
                f"{head}.logits": parts.logits,
                f"{head}.max": parts.max,
                f"{head}.logsumexp": parts.logsumexp,
            }
        if embedding is not None:
            if not np.isfinite(embedding).all():
                raise DataError(
                    "embedding is not finite",
                    self._folder,
                    "finite vectors",
                    "look at the model that made them",
                )
            rows["embedding"] = np.asarray(embedding, dtype=np.float32)
        self._splits.setdefault(split, GatheredSplit(split)).add(ids, list(digests), rows, folds, view, shown)

    def finish(self) -> dict[str, Any]:
        """Write shards, classes, datasheets and, last, the manifest; returns the manifest."""
        if not self._splits:
            raise DataError("no scores", self._folder, "at least one sample", "write before finishing")
        (self._folder / "shards").mkdir(parents=True, exist_ok=True)
        shards, splits = [], {}
        for name in sorted(self._splits):
            split = self._splits[name]
            for number, (tensors, rows, entries) in enumerate(split.shards(SHARD_ROWS)):
                file = self._folder / "shards" / f"{name}-{number}.safetensors"
                save_file(tensors, file)
                shards.append(
                    {
                        "file": f"shards/{file.name}",
                        "split": name,
                        "rows": rows,
                        "entries": entries,
                        "bytes": file.stat().st_size,
                        "sha256": artifact.sha256(file),
                    }
                )
            splits[name] = {
                "samples": len({sample for sample, _ in split.entries}),
                "entries": len(split.entries),
                "rows": len(split.rows),
                "views": split.views,
                "folds": len(split.folds - {NO_FOLD}),
                "scored": self._status(split),
            }
        (self._folder / "classes.json").write_text(self._classes.to_json(), encoding="utf-8")
        manifest = {
            "format": FORMAT,
            "model": self._model,
            "record": self._record,
            "heads": {head: len(self._classes.names(head)) for head in self._heads},
            "trained_on": self._trained_on,
            "embedding": next(iter(self._splits.values())).width,
            "splits": splits,
            "shards": shards,
            "facts": self._facts,
        }
        described = {}
        for name, render in DATASHEETS.items():
            (self._folder / name).write_text(render(manifest), encoding="utf-8")
            described[name] = artifact.sha256(self._folder / name)
        manifest["datasheets"] = described
        manifest["identity"] = identity(manifest)
        artifact.write_json(self._folder / "manifest.json", manifest)
        return manifest

    def _status(self, split: GatheredSplit) -> str:
        found = how_scored(split.name, split.folds, self._trained_on)
        if found is None:
            raise DataError(
                f"{split.name} has rows with and without a fold",
                self._folder,
                "one kind",
                "score the split in one way",
            )
        return found
