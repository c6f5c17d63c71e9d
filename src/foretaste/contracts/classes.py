"""The label space: what a dataset's segments are labelled with, as data.

It is written once a dataset (``classes.json``) and travels with every model and every score cache; whoever
joins two of them compares the names, not the counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict

from foretaste.contracts.errors import ConfigError, DataError, unknown
from foretaste.contracts.json_files import checked, read_json, versioned

#: Version of ``classes.json``. In format 1 there were actions, verbs and nouns and nothing else.
FORMAT = 2

_AGAIN = "rerun read_annotations, or fetch the file again"

#: Names that stand for something else where heads are named: in objectives, tables, archives of scores,
#: ``metrics.json`` and ``summary.json``.
_TAKEN = frozenset({
    "dataset", "embedding", "features", "format", "label", "labels", "model", "narration", "next_features",
    "participant", "protocol", "role", "sample", "samples", "seed", "seeds", "segment", "split", "system",
    "task", "token", "verdict", "video",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ClassSpace:
    """Heads by name, in the dataset's order; the first is the one that reports are about.

    heads
        head -> names of its classes; the position is the class id. Names are the dataset's own (EPIC:
        ``take_pan``, ``take``, ``board:chopping``).
    composition
        head -> part -> for each class of the head the id of its part, itself a head: which verb and which
        noun an action is made of. Empty for a head that is not made of others.
    groups
        Groups of classes, as published: name -> head -> class ids (many-shot, tail).
    sample_groups
        Groups of samples: name -> their videos (participants who are in no training video).
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # of a file that is read

    heads: Mapping[str, tuple[str, ...]]
    composition: Mapping[str, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    sample_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The head that reports, fits and counts are about."""
        return next(iter(self.heads))

    def names(self, head: str) -> tuple[str, ...]:
        """The class names of a head; ConfigError, listing the heads, for one that the dataset does not
        have.
        """
        if head not in self.heads:
            raise unknown("head", head, self.heads, "the dataset's labels")
        return self.heads[head]

    def parts(self, head: str) -> Mapping[str, tuple[int, ...]]:
        """part -> the id of each class's part; empty for a head that is not made of others."""
        return self.composition.get(head, {})

    def sizes(self, heads: Iterable[str]) -> dict[str, int]:
        """head -> its number of classes; raises ConfigError for a head that the dataset does not have."""
        heads = tuple(heads)
        if absent := [head for head in heads if head not in self.heads]:
            listed = ", ".join(self.heads)
            raise ConfigError(
                f"a model of the head {absent[0]!r}",
                "network",
                f"heads of the dataset: {listed}",
                f"set classify: [{listed}] (and no verbaliser), or label {absent[0]!r}",
            )
        return {head: len(self.heads[head]) for head in heads}

    def to_json(self) -> str:
        """Canonical JSON: equal spaces, their heads in the same order, give equal bytes."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"


def read_classes(path: Path) -> ClassSpace:
    """Read ``classes.json``; raises DataError unless it is one, consistent in itself."""
    stored = versioned(read_json(path, "read_annotations"), FORMAT, "class list", path)
    if stored["format"] == 1:
        to_do = "rerun read_annotations; of a checkpoint or a score cache: train or score again"
        raise DataError("class list of format 1", path, f"format {FORMAT}", to_do)
    given = {name: value for name, value in stored.items() if name != "format"}
    space = checked(given, ClassSpace, path, _AGAIN)
    _check_heads(space, path)
    _check_composition(space, path)
    for name, lists in space.groups.items():
        for head, ids in lists.items():
            _check_ids(space, head, ids, f"groups.{name}", path)
    return space


def check_head_names(names: Sequence[str], where: object) -> None:
    """Raise ConfigError for a head that could not be told from something else."""
    for name in names:
        written = re.fullmatch(r"[a-z][a-z0-9_]*", name) is not None
        if not written or name in _TAKEN or name.startswith("past_") or name.endswith("_id"):
            raise ConfigError(
                f"a head called {name!r}",
                where,
                "small letters, digits and _, not past_..., ..._id, or one of " + ", ".join(sorted(_TAKEN)),
                "give it another name",
            )


def _check_heads(space: ClassSpace, path: Path) -> None:
    if not space.heads:
        raise DataError("no heads", path, "at least one head", _AGAIN)
    check_head_names(tuple(space.heads), path)
    for head, names in space.heads.items():
        if not names:
            raise DataError(f"{head} without classes", path, "a name a class", _AGAIN)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"{head} {twice!r} occurs twice", path, "a name a class", _AGAIN)


def _check_composition(space: ClassSpace, path: Path) -> None:
    for head, parts in space.composition.items():
        for part, ids in parts.items():
            _check_ids(space, head, (), "composition", path)
            _check_ids(space, part, ids, f"composition.{head}.{part}", path)
            if part == head or part in space.composition:
                raise DataError(
                    f"{head} made of {part}, which is made of others", path, "parts without parts", _AGAIN
                )
            if len(ids) != len(space.heads[head]):
                raise DataError(
                    f"classes of {head} and their parts of {part} differ in number",
                    path,
                    f"one {part} for each of the {len(space.heads[head])} classes",
                    _AGAIN,
                )


def _check_ids(space: ClassSpace, head: str, ids: Sequence[int], where: str, path: Path) -> None:
    if head not in space.heads:
        raise DataError(f"{where} names the head {head!r}", path, f"one of {', '.join(space.heads)}", _AGAIN)
    classes = len(space.heads[head])
    if wrong := [index for index in ids if not 0 <= index < classes]:
        raise DataError(
            f"{where} names class {wrong[0]}", path, f"ids of the {classes} {head} classes", _AGAIN
        )
