"""Reading a score cache, by sample id, without torch.

A shard is read once, its sha256 compared with the manifest's, and kept in memory (EPIC-55 whole: 144 MB).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import DataError, unknown
from foretaste.scores.format import ONE_VIEW, decode, differences
from foretaste.scores.manifest import read_manifest
from foretaste.scores.maps import Maps, open_maps
from foretaste.scores.split import Split, read_split
from foretaste.scores.topk import TopK, top_k

#: Rows that are cut to their best classes at a time: in double precision they would be four times as large.
BLOCK = 1024


def open_scores(path: str | Path, expect: Mapping[str, Any] | None = None) -> Scores:
    """Open the cache in folder ``path``.

    expect
        Fields of the record that the caller relies on, e.g. ``{"classes": sha256, "context": {...}}``.

    Raises DataError, naming the field, where the record is not as expected or another class list lies beside
    it; for a manifest that is none, does not give the identity that it states, or has a format newer than
    this reader. Shards are read, and checked, when they are first asked for.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    classes = read_classes(folder / "classes.json")
    actual = {**manifest["record"], "classes": hashlib.sha256(classes.to_json().encode()).hexdigest()}
    for wanted, where in ((manifest["record"], folder / "classes.json"), (expect or {}, folder)):
        if unequal := differences(actual, wanted):
            field, has, wants = unequal[0]
            raise DataError(
                f"scores differ in {field} ({has!r})",
                where,
                f"{wants!r}",
                "score again with this configuration, or name the scores that fit",
            )
    for head, width in manifest["heads"].items():
        if width != (count := len(classes.heads.get(head, ()))):
            raise DataError(
                f"{width} classes of {head}",
                folder,
                f"the {count} of its classes.json",
                "score again",
            )
    return Scores(folder, manifest, classes)


class Scores:
    """The scores of one model. Arrays come in the order of the ids asked for, or in that of
    ``sample_ids(split)``.

    manifest
        The manifest as it is on disk: ``identity``, ``record``, ``heads``, ``splits``, ``facts`` ...
    classes
        The label space; column c of head h is the class ``classes.names(h)[c]``.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], classes: ClassSpace):
        self.folder = folder
        self.manifest = manifest
        self.classes = classes
        self._loaded: dict[str, Split] = {}
        self._cut: dict[tuple[str, str, int], TopK] = {}

    @property
    def identity(self) -> str:
        """The digest of everything that a reader relies on: record, class list, splits and the sha256 of
        every shard.
        """
        return self.manifest["identity"]

    @property
    def maps(self) -> Maps:
        """The feature maps that lie beside the scores. DataError where none were kept, or others than those
        that were made with these scores.
        """
        identity = self.manifest["facts"].get("maps")
        if identity is None:
            raise DataError(
                "no feature maps",
                self.folder,
                "maps that were kept with these scores",
                "set `maps: [...]` of this model and score again, or let it speak live",
            )
        maps = open_maps(self.folder / "maps")
        if maps.identity != identity:
            raise DataError(
                f"maps of identity {maps.identity}", maps.folder, identity, "fetch both again, or score again"
            )
        return maps

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads that were scored."""
        return tuple(self.manifest["heads"])

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(self.manifest["splits"])

    def scored(self, split: str) -> str:
        """How the split's rows were made: one of ``format.SCORED``."""
        self.split(split)
        return self.manifest["splits"][split]["scored"]

    def views(self, split: str) -> tuple[str, ...]:
        """The views that a split holds; where none is named ``ONE_VIEW`` is meant, or the only one."""
        self.split(split)
        return tuple(self.manifest["splits"][split]["views"])

    def sample_ids(self, split: str, view: str | None = None) -> tuple[str, ...]:
        """The samples of a split, as written."""
        loaded = self.split(split)
        return tuple(loaded.rows_by_view[self._view(loaded, split, view)])

    def logits(
        self, split: str, head: str, sample_ids: Sequence[str] | None = None, view: str | None = None
    ) -> np.ndarray:
        """(n, C) float32; raises DataError naming a sample that is not there."""
        stored = self._tensor(split, f"{head}.logits", sample_ids, view)
        return decode(stored, self._tensor(split, f"{head}.max", sample_ids, view))

    def top_k(
        self,
        split: str,
        head: str,
        k: int,
        sample_ids: Sequence[str] | None = None,
        view: str | None = None,
    ) -> TopK:
        """The ``k`` best classes of n samples. The first call cuts the whole split, the others look up.
        ConfigError unless 1 <= k <= C.
        """
        rows = self._rows(self.split(split), split, sample_ids, self._view(self.split(split), split, view))
        if (split, head, k) not in self._cut:
            self._cut[split, head, k] = self._best(split, head, k)
        return self._cut[split, head, k].rows(rows)

    def _best(self, split: str, head: str, k: int) -> TopK:
        stored, highest = (self._stored(split, f"{head}.{part}") for part in ("logits", "max"))
        starts = range(0, len(stored), BLOCK)
        parts = [top_k(decode(stored[s : s + BLOCK], highest[s : s + BLOCK]), k) for s in starts]
        return TopK(
            np.concatenate([part.indices for part in parts]),
            np.concatenate([part.logits for part in parts]),
            np.concatenate([part.tail for part in parts]),
        )

    def logsumexp(
        self, split: str, head: str, sample_ids: Sequence[str] | None = None, view: str | None = None
    ) -> np.ndarray:
        """(n,) float32: log probability = logit - logsumexp."""
        return self._tensor(split, f"{head}.logsumexp", sample_ids, view)

    def embedding(
        self, split: str, sample_ids: Sequence[str] | None = None, view: str | None = None
    ) -> np.ndarray:
        """(n, D) float32; raises DataError where the model kept none."""
        return self._tensor(split, "embedding", sample_ids, view)

    def digests(
        self, split: str, sample_ids: Sequence[str] | None = None, view: str | None = None
    ) -> list[bytes]:
        """n times 16 bytes: of what the model was given."""
        return [row.tobytes() for row in self._tensor(split, "digest", sample_ids, view)]

    def folds(
        self, split: str, sample_ids: Sequence[str] | None = None, view: str | None = None
    ) -> np.ndarray:
        """(n,) int16: the cross-fitting model that scored each sample; -1 = the model itself."""
        return self._tensor(split, "fold", sample_ids, view)

    def shown(
        self, split: str, sample_ids: Sequence[str] | None = None, view: str | None = None
    ) -> list[Any]:
        """What the view showed of each sample: frame ids, crop, flip; None where nothing was noted."""
        loaded = self.split(split)
        view = self._view(loaded, split, view)
        ids = loaded.rows_by_view[view] if sample_ids is None else sample_ids
        self._rows(loaded, split, ids, view)
        return [loaded.shown.get((sample, view)) for sample in ids]

    def _tensor(
        self, split: str, name: str, sample_ids: Sequence[str] | None, view: str | None
    ) -> np.ndarray:
        stored, loaded = self._stored(split, name), self.split(split)
        view = self._view(loaded, split, view)
        return stored[self._rows(loaded, split, sample_ids, view)]

    def _stored(self, split: str, name: str) -> np.ndarray:
        """A tensor of the split by row."""
        loaded = self.split(split)
        if name not in loaded.tensors:
            choices = sorted(
                {
                    key.removesuffix(".logits")
                    for key in loaded.tensors
                    if key.endswith(".logits") or key == "embedding"
                }
            )
            raise unknown("scores", name.split(".")[0], choices, self.folder)
        return loaded.tensors[name]

    def _rows(self, loaded: Split, split: str, sample_ids: Sequence[str] | None, view: str) -> np.ndarray:
        known = loaded.rows_by_view[view]
        if sample_ids is None:
            return loaded.in_order[view]
        try:
            return np.fromiter(map(known.__getitem__, sample_ids), np.int64, len(sample_ids))
        except KeyError as error:
            raise DataError(
                f"no scores of sample {error.args[0]!r}",
                f"{self.folder}: split {split}, view {view}",
                f"one of its {len(known)} samples",
                "score this split again, or ask for samples that were scored",
            ) from error

    def _view(self, loaded: Split, split: str, view: str | None) -> str:
        if view is None and ONE_VIEW in loaded.rows_by_view:
            return ONE_VIEW
        if view is None and len(loaded.rows_by_view) == 1:
            return next(iter(loaded.rows_by_view))
        if view not in loaded.rows_by_view:
            raise unknown("view", view or ONE_VIEW, loaded.rows_by_view, f"{self.folder}: split {split}")
        return view

    def split(self, split: str) -> Split:
        """Rows and entries of a split as they are stored, read once; ConfigError for an unknown one."""
        if split not in self.manifest["splits"]:
            raise unknown("split", split, self.splits, self.folder)
        if split not in self._loaded:
            self._loaded[split] = read_split(self.folder, split, self.manifest)
        return self._loaded[split]
