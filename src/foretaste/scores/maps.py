"""Feature maps of a model, beside its scores: for terms that compare maps with a model that is not live.

    manifest.json                written last: identity, shapes, and of each shard the split, look and sha256
    <split>-<n>.safetensors      rows of one split under one look

A row belongs to one (sample, look); a look of ``null`` disturbs nothing: so maps are scored. Tensors of a
shard (R rows):

    maps.<name>                  (R, ..., D) float16
    sample_id, sample_id_stop    uint8, (R,) int64: UTF-8, end to end, and where each one ends

Maps are large: rows are written as they are made, and read one by one through a memory map. The identity is
the sha256 of the canonical JSON of the manifest without it; the manifest of the scores names it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, PositiveInt
from safetensors import SafetensorError, safe_open

from foretaste.contracts.errors import DataError, unknown
from foretaste.contracts.json_files import checked, read_json, versioned
from foretaste.pipeline import artifact
from foretaste.scores.format import canonical, pack, unpack

if TYPE_CHECKING:  # scores are read without torch
    from foretaste.contracts.view import Look

FORMAT = 1

#: What half precision holds.
HIGHEST = float(np.finfo(np.float16).max)

#: What the names of maps begin with in a shard.
MAPS = "maps."

_AGAIN = "fetch it again, or score again"
_DTYPES = {"float16": "F16", "int64": "I64", "uint8": "U8"}

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Shard(BaseModel, extra="forbid", frozen=True):
    file: Annotated[str, Field(pattern=r"^[^/\\\x00]+\.safetensors$")]
    split: str
    look: dict[str, int] | None
    rows: PositiveInt
    bytes: PositiveInt
    sha256: Sha256


class _Manifest(BaseModel, extra="forbid", frozen=True):
    format: int
    identity: Sha256
    maps: Annotated[dict[str, list[PositiveInt]], Field(min_length=1)]
    shards: Annotated[list[_Shard], Field(min_length=1)]


class MapWriter:
    """Writes the maps ``names`` into ``folder``, which is made anew; ``finish`` makes it a store."""

    def __init__(self, folder: Path, names: Sequence[str]):
        artifact.discard(folder)
        folder.mkdir(parents=True)
        self._folder, self._names = folder, tuple(names)
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._shards: list[_Open] = []

    def begin(self, split: str, ids: Sequence[str], look: Look | None = None) -> None:
        """The rows that follow belong to ``ids`` of a split, shown under ``look``."""
        path = self._folder / f"{split}-{len(self._shards)}.safetensors"
        self._shards.append(_Open(path, split, tuple(ids), look))

    def write(self, positions: np.ndarray, maps: Mapping[str, np.ndarray]) -> None:
        """Rows of the ids at ``positions`` (n,): name -> (n, ..., D) float. Raises DataError, naming the
        sample, for values that half precision cannot hold, and for shapes that change.
        """
        shard = self._shards[-1]
        for name in self._names:
            shape = self._shapes.setdefault(name, maps[name].shape[1:])
            if shape != maps[name].shape[1:]:
                raise DataError(
                    f"map {name} of shape {maps[name].shape[1:]}",
                    self._folder,
                    f"{shape}, as before",
                    "keep maps of a view that shows all samples at one size",
                )
        shard.write(self._shapes, positions, maps)

    def finish(self) -> str:
        """Write the manifest; returns the identity. Raises DataError where a row was not written."""
        shards = [shard.finish() for shard in self._shards]
        shapes = {name: list(self._shapes[name]) for name in self._names}
        manifest = {"format": FORMAT, "maps": shapes, "shards": shards}
        manifest["identity"] = _identity(manifest)
        artifact.write_json(self._folder / "manifest.json", manifest)
        return manifest["identity"]


class _Open:
    """A shard that is being written."""

    def __init__(self, path: Path, split: str, ids: tuple[str, ...], look: Look | None):
        self.path, self.split, self.ids, self.look = path, split, ids, look
        self._written = np.zeros(len(ids), dtype=bool)
        self._maps: dict[str, np.ndarray] = {}

    def write(
        self, shapes: Mapping[str, tuple[int, ...]], positions: np.ndarray, maps: Mapping[str, np.ndarray]
    ) -> None:
        if not self._maps:
            self._maps = _laid_out(self.path, self.ids, shapes)
        for name, kept in self._maps.items():
            fits = (np.abs(maps[name]) <= HIGHEST).reshape(len(positions), -1).all(1)
            if not fits.all():
                raise DataError(
                    f"map {name} of {self.ids[positions[fits.argmin()]]} is not finite in half precision",
                    self.path,
                    f"values up to {HIGHEST:.0f}",
                    "look at the model, or ask it live",
                )
            kept[positions] = maps[name]
        self._written[positions] = True

    def finish(self) -> dict[str, Any]:
        """What the manifest says of it."""
        if not self._written.all():
            missing = self.ids[int(self._written.argmin())]
            raise DataError(f"no maps of {missing}", self.path, "maps of every sample", "score again")
        for kept in self._maps.values():
            kept.flush()
        return {
            "file": self.path.name,
            "split": self.split,
            "look": None if self.look is None else asdict(self.look),
            "rows": len(self.ids),
            "bytes": self.path.stat().st_size,
            "sha256": artifact.sha256(self.path),
        }


def _laid_out(path: Path, ids: Sequence[str], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """A safetensors file with its ids, and room for its maps, which are returned to be written to."""
    texts, stops = pack(ids)
    tensors = {"sample_id_stop": (stops.dtype, stops.shape)}
    tensors |= {f"{MAPS}{name}": (np.dtype(np.float16), (len(ids), *shape)) for name, shape in shapes.items()}
    tensors["sample_id"] = (texts.dtype, texts.shape)
    header, end = {}, 0
    for name, (dtype, shape) in tensors.items():
        start, end = end, end + dtype.itemsize * int(np.prod(shape))
        header[name] = {"dtype": _DTYPES[dtype.name], "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    first = 8 + len(text)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(first + end)
    made = {
        name: np.memmap(path, dtype, "r+", first + header[name]["data_offsets"][0], shape)
        for name, (dtype, shape) in tensors.items()
    }
    made.pop("sample_id_stop")[:], made.pop("sample_id")[:] = stops, texts
    return {name: made[f"{MAPS}{name}"] for name in shapes}


def open_maps(folder: Path) -> Maps:
    """Open a store. DataError unless its manifest is one and gives the identity that it states; shards are
    checked when they are first asked for.
    """
    path = folder / "manifest.json"
    manifest = versioned(read_json(path, "the step that scores"), FORMAT, "store of maps", folder)
    checked(manifest, _Manifest, path, _AGAIN)
    if (found := _identity(manifest)) != manifest["identity"]:
        raise DataError(f"the manifest gives the identity {found}", path, manifest["identity"], _AGAIN)
    return Maps(folder, manifest)


class Maps:
    """The maps of one model."""

    def __init__(self, folder: Path, manifest: dict[str, Any]):
        self.folder, self.manifest = folder, manifest
        self._shards: dict[str, tuple[Any, list[str]]] = {}

    @property
    def identity(self) -> str:
        """The digest of every byte of the store."""
        return self.manifest["identity"]

    def rows(self, split: str, name: str, ids: Sequence[str], look: Look | None = None) -> Rows:
        """The map ``name`` of samples of a split under a look. Raises ConfigError for an unknown map, and
        DataError for a sample that is not there and for a shard that is damaged.
        """
        if name not in self.manifest["maps"]:
            raise unknown("map", name, self.manifest["maps"], self.folder)
        wanted = None if look is None else asdict(look)
        places: dict[str, tuple[Any, int]] = {}
        for shard in self.manifest["shards"]:
            if (shard["split"], shard["look"]) == (split, wanted):
                opened, own = self._opened(shard)
                values = opened.get_slice(f"{MAPS}{name}")
                places |= {sample: (values, row) for row, sample in enumerate(own)}
        if lacking := [sample for sample in ids if sample not in places]:
            raise DataError(
                f"no maps of sample {lacking[0]!r}",
                f"{self.folder}: split {split}, look {wanted}",
                f"one of its {len(places)} samples",
                "score this split again",
            )
        return Rows([places[sample] for sample in ids])

    def check(self) -> list[str]:
        """The files of the store. Raises DataError unless every one is as it was written."""
        for shard in self.manifest["shards"]:
            self._opened(shard)
        return ["manifest.json", *(shard["file"] for shard in self.manifest["shards"])]

    def _opened(self, shard: Mapping[str, Any]) -> tuple[Any, list[str]]:
        """A shard whose rows are read when asked, and its sample ids; checked once."""
        if shard["file"] not in self._shards:
            self._shards[shard["file"]] = self._checked(shard)
        return self._shards[shard["file"]]

    def _checked(self, shard: Mapping[str, Any]) -> tuple[Any, list[str]]:
        file = self.folder / shard["file"]
        if not file.is_file():
            raise DataError("missing shard", file, f"{shard['bytes']} bytes", _AGAIN)
        if (found := artifact.sha256(file)) != shard["sha256"]:
            raise DataError(f"damaged shard (sha256 {found})", file, shard["sha256"], _AGAIN)
        try:
            opened = safe_open(file, framework="np")
            slices = {name: opened.get_slice(f"{MAPS}{name}") for name in self.manifest["maps"]}
            ids = unpack(opened.get_tensor("sample_id"), opened.get_tensor("sample_id_stop"))
        except (SafetensorError, ValueError, IndexError) as error:
            raise DataError(f"unreadable shard ({error})", file, "safetensors", _AGAIN) from error
        for name, values in slices.items():
            shape = [shard["rows"], *self.manifest["maps"][name]]
            if values.get_shape() != shape or values.get_dtype() != "F16" or len(ids) != shard["rows"]:
                found = f"{name} is {values.get_dtype()} {values.get_shape()}, with {len(ids)} ids"
                raise DataError(found, file, f"F16 {shape}", _AGAIN)
        return opened, ids


class Rows:
    """Maps of a list of samples, read when they are asked for."""

    def __init__(self, places: Sequence[tuple[Any, int]]):
        self._places = places

    def __getitem__(self, positions: Sequence[int]) -> np.ndarray:
        """(n, ..., D) float32 of the samples at ``positions`` (n,)."""
        read = [self._places[position] for position in positions]
        return np.stack([shard[row] for shard, row in read]).astype(np.float32)


def _identity(manifest: Mapping[str, Any]) -> str:
    content = {name: value for name, value in manifest.items() if name != "identity"}
    return hashlib.sha256(canonical(content)).hexdigest()
