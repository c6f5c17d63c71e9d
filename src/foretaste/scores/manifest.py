"""The manifest of a score cache, checked before anything of it is used: whoever made the folder, its JSON has
these types.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt, model_validator

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked, read_json, versioned
from foretaste.scores.datasheet import DATASHEETS
from foretaste.scores.format import FORMAT, RECORD, SCORED, identity

_AGAIN = "fetch it again, or score again"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel, extra="forbid", frozen=True):
    """Some of a manifest."""


class Shard(_Part):
    """One file: R rows and E entries."""

    file: Annotated[str, Field(pattern=r"^shards/[^/\\\x00]+\.safetensors$")]
    split: str
    rows: PositiveInt
    entries: PositiveInt
    bytes: PositiveInt
    sha256: Sha256


class SplitFacts(_Part):
    """What a split holds, and how its rows were made."""

    samples: PositiveInt
    entries: PositiveInt
    rows: PositiveInt
    views: Annotated[list[str], Field(min_length=1)]
    folds: NonNegativeInt
    scored: Literal[tuple(SCORED)]


class Terms(_Part):
    """Under which the data set that was scored may be used, as its settings say; None: not stated."""

    licence: str | None
    terms: str | None


class Imported(_Part):
    """A file that a split came from."""

    split: str
    file: str
    sha256: Sha256


class Facts(_Part, extra="allow"):
    """What else the writer told; only these are read. ``maps``: the identity of the store of maps in the
    folder ``maps/``. ``imported``: where scores come from that no step made.
    """

    protocol: dict[str, Any] | None = None
    maps: Sha256 | None = None
    data: Terms | None = None
    imported: list[Imported] | None = None


class Manifest(_Part):
    """The whole. ``heads``: how many classes each has. ``trained_on``: None where nobody said.
    ``datasheets``: file -> sha256.
    """

    format: int
    model: str | None
    identity: Sha256
    record: dict[str, Any]
    heads: Annotated[dict[str, PositiveInt], Field(min_length=1)]
    trained_on: list[str] | None
    embedding: PositiveInt | None
    splits: Annotated[dict[str, SplitFacts], Field(min_length=1)]
    shards: list[Shard]
    facts: Facts
    datasheets: dict[str, Sha256] = {}

    @model_validator(mode="after")
    def _agree(self) -> Manifest:
        if set(self.datasheets) != (set(DATASHEETS) if self.format > 2 else set()):
            raise ValueError(f"datasheets {sorted(self.datasheets)} instead of {', '.join(DATASHEETS)}")
        if set(self.record) != set(RECORD):
            raise ValueError(
                f"record of {', '.join(sorted(self.record))} instead of {', '.join(sorted(RECORD))}"
            )
        if not isinstance(self.record["context"], dict | None):
            raise ValueError("record.context is no table")
        if strangers := sorted({shard.split for shard in self.shards} - set(self.splits)):
            raise ValueError(f"shards of {strangers[0]!r}, which is no split")
        if len({shard.file for shard in self.shards}) < len(self.shards):
            raise ValueError("a shard occurs twice")
        for name, split in self.splits.items():
            own = [shard for shard in self.shards if shard.split == name]
            held = {"rows": sum(shard.rows for shard in own), "entries": sum(shard.entries for shard in own)}
            for what, count in held.items():
                if count != getattr(split, what):
                    raise ValueError(
                        f"the shards of {name} have {count} {what}, the split {getattr(split, what)}"
                    )
            if len(set(split.views)) < len(split.views):
                raise ValueError(f"a view of {name} occurs twice")
        return self


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the cache in ``folder`` as it is on disk. DataError unless it is one, and gives the
    identity it states.
    """
    path = folder / "manifest.json"
    manifest = versioned(
        read_json(path, "the step that scores, or fetch the folder again"), FORMAT, "score cache", folder
    )
    checked(manifest, Manifest, path, _AGAIN)
    if (found := identity(manifest)) != manifest["identity"]:
        raise DataError(
            f"the manifest does not give the stated identity but {found}", path, manifest["identity"], _AGAIN
        )
    return manifest
