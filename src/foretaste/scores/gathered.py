"""The rows of one split as they come from a model: equal inputs are kept once, and must have equal scores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.scores.format import DIGEST_BYTES, pack

#: Two rows of one input may differ this much in a probability (batches of other lengths, low precision).
SAME_INPUT = 0.02


class GatheredSplit:
    """Rows and entries of one split, in the order in which they were written."""

    def __init__(self, name: str):
        self.name = name
        self.rows: dict[tuple[int, bytes], int] = {}
        self.entries: dict[tuple[str, int], int] = {}
        self.views: list[str] = []
        self.folds: set[int] = set()
        self.width: int | None = None
        self._tensors: dict[str, list[np.ndarray]] = {}
        self._shown: list[str] | None = None

    def add(
        self,
        ids: list[str],
        digests: list[bytes],
        rows: dict[str, np.ndarray],
        folds: list[int],
        view: str,
        shown: Sequence[Any] | None,
    ) -> None:
        if self.entries and (set(rows) != set(self._tensors) or (shown is None) != (self._shown is None)):
            raise DataError(
                f"calls of split {self.name} differ in what they give",
                view,
                f"{sorted(self._tensors)}",
                "give the same each time",
            )
        if view not in self.views:
            self.views.append(view)
        self.folds.update(folds)
        self.width = rows["embedding"].shape[1] if "embedding" in rows else None
        for i, (sample, digest) in enumerate(zip(ids, digests, strict=True)):
            entry, key = (sample, self.views.index(view)), (folds[i], digest)
            if entry in self.entries:
                raise DataError(
                    f"sample {sample} twice",
                    f"split {self.name}, view {view}",
                    "unique sample ids",
                    "write each sample once",
                )
            if key not in self.rows:
                self.rows[key] = len(self.rows)
                for name, values in rows.items():
                    self._tensors.setdefault(name, []).append(values[i])
            else:
                self._compare(sample, {name: values[i] for name, values in rows.items()}, self.rows[key])
            self.entries[entry] = self.rows[key]
            if shown is not None:
                self._shown = [] if self._shown is None else self._shown
                self._shown.append(
                    json.dumps(shown[i], sort_keys=True, separators=(",", ":"), allow_nan=False)
                )

    def _compare(self, sample: str, new: dict[str, np.ndarray], row: int) -> None:
        for name, values in new.items():
            if name.endswith(".logits"):
                here, there = (np.exp(v.astype(np.float64)) for v in (values, self._tensors[name][row]))
                apart = np.abs(here / here.sum() - there / there.sum()).max()
                if apart > SAME_INPUT:
                    raise DataError(
                        f"{name} of {sample} differs by {apart:.3f} in probability from those of an equal"
                        " input",
                        f"split {self.name}",
                        "equal digests for equal inputs only",
                        "let the view's digest cover everything the model is given",
                    )

    def shards(self, size: int) -> Iterator[tuple[dict[str, np.ndarray], int, int]]:
        """(tensors, number of rows, number of entries) of every shard."""
        keys = list(self.rows)
        belongs = np.fromiter(self.entries.values(), dtype=np.int64)
        entries = list(self.entries)
        for start in range(0, len(keys), size):
            part = slice(start, start + size)
            chosen = np.flatnonzero((belongs >= start) & (belongs < start + size))
            tensors = {name: np.stack(values[part]) for name, values in self._tensors.items()}
            tensors["digest"] = (
                np.frombuffer(b"".join(digest for _, digest in keys[part]), dtype=np.uint8)
                .reshape(-1, DIGEST_BYTES)
                .copy()
            )
            tensors["fold"] = np.array([fold for fold, _ in keys[part]], dtype=np.int16)
            tensors["entry.row"] = belongs[chosen] - start
            tensors["entry.position"] = chosen.astype(np.int64)
            tensors["entry.view"] = np.array([entries[i][1] for i in chosen], dtype=np.int16)
            tensors["entry.sample_id"], tensors["entry.sample_id_stop"] = pack(
                [entries[i][0] for i in chosen]
            )
            if self._shown is not None:
                tensors["entry.shown"], tensors["entry.shown_stop"] = pack([self._shown[i] for i in chosen])
            yield tensors, len(keys[part]), len(chosen)
