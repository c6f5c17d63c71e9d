"""What a score cache is made of: its folder, its identity, and how logits become bytes.

    manifest.json                    written last: without it there is no cache
    classes.json                     the label space (``contracts.classes``)
    README.md, croissant.json        the datasheet, for people and for programs, made from the manifest
    shards/<split>-<n>.safetensors   rows and index entries

A *row* is one distinct input of the model; its key is (fold, digest of exactly what the model was given). An
*entry* says which row belongs to (sample_id, view). A shard holds its own entries, so one split can be
fetched alone. Tensors of a shard (R rows, E entries, C classes of a head, D width of the embedding):

    digest                 (R, 16) uint8      first 16 bytes of the sha256 of the input
    fold                   (R,) int16         the cross-fitting model that made the row; -1 = the model itself
    <head>.logits          (R, C) float16     logit - row maximum
    <head>.max             (R,) float32       row maximum
    <head>.logsumexp       (R,) float32       log sum exp of the logits, from the unrounded ones
    embedding              (R, D) float32     optional
    entry.row              (E,) int64         row within this shard
    entry.position         (E,) int64         place of the entry in the split, as it was written
    entry.view             (E,) int16         index into the manifest's list of views
    entry.sample_id        uint8, entry.sample_id_stop (E,) int64    UTF-8, end to end, and where each one
                           ends
    entry.shown            uint8, entry.shown_stop (E,) int64        JSON (frame ids, crop, flip); optional

The difference to the maximum is stored because fp16 is finest near 0, where the probability is: the error of
the distribution stays below 1e-6 nats where raw fp16 logits lose 1e-5 and bf16 1e-3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretaste.contracts.errors import DataError

#: Version of this format. A reader reads its own and all earlier ones. In format 1 the identity is the digest
#: of the record alone; in formats 1 and 2 the manifest holds no digests of the datasheets.
FORMAT = 3

#: Bytes kept of an input's sha256.
DIGEST_BYTES = 16

#: Fold of a row that the model itself scored, trained on the whole training split.
NO_FOLD = -1

#: The split of those training rows that a model scored which was trained without their videos, beside the
#: model itself.
HELD_OUT = "held_out"

#: The view of a model that sees a sample in one way only.
ONE_VIEW = "whole"

#: The view that holds what was said of one of several looks at a sample.
LOOK = "look{}"

#: How the rows of a split were made, and what that says of them.
SCORED = {
    "in-sample": "by a model trained on these very rows (targets may be memorised)",
    "out-of-fold": "each row by a model trained without the row's video",
    "held-out": "by a model that was not trained on this split",
    "not stated": "nobody said whether the model was trained on these rows",
}

#: Rows that no model saw in training, by what was said of them.
UNSEEN = ("out-of-fold", "held-out")

#: Fields of the record of what the scores depend on. ``null`` says that a model has no such thing.
#:
#: weights     sha256 of the weight files, by file name (of the scores averaged, for a mean; of the files they
#:             came in, for imported scores)
#: network     architecture: the resolved settings of the network
#: classes     sha256 of classes.json
#: tokenizer   sha256 of the tokenizer files
#: view        settings of the view: text template, window, grid
#: samples     sha256 of the table that says which samples there are
#: context     what the model may see: history rule, source and length, tau_a, tau_o
#: numerics    precision of the forward pass, temperature, floor, folds
#: code        fingerprint of the code that made the scores
RECORD = ("weights", "network", "classes", "tokenizer", "view", "samples", "context", "numerics", "code")


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: equal values give equal bytes. NaN is refused."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def identity(manifest: Mapping[str, Any]) -> str:
    """The sha256 (hexadecimal) of the canonical JSON of everything in a manifest but its ``identity``.

    A manifest holds the sha256 of every other file of the folder, so this is a digest of all of its bytes.
    """
    content = {name: value for name, value in manifest.items() if name != "identity"}
    return hashlib.sha256(canonical(manifest["record"] if manifest["format"] == 1 else content)).hexdigest()


def how_scored(split: str, folds: Collection[int], trained_on: Collection[str] | None) -> str | None:
    """One of ``SCORED``, from the folds that a split's rows have and the splits that the model was trained on
    (None: not stated); None where some rows have a fold and some none.
    """
    if NO_FOLD not in folds:
        return "out-of-fold"
    if set(folds) != {NO_FOLD}:
        return None
    if trained_on is None:
        return "not stated"
    return "in-sample" if split in trained_on else "held-out"


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Where two records differ: (dotted field, found, wanted) of every leaf, looking only at the fields of
    ``wanted``.

    A field that is missing on one side is ``None`` there.
    """
    unequal = []
    for field in sorted(wanted):
        left, right = found.get(field), wanted[field]
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            everything = {**dict.fromkeys(left), **right}
            unequal += [(f"{field}.{inner}", a, b) for inner, a, b in differences(left, everything)]
        elif left != right:
            unequal.append((field, left, right))
    return unequal


@dataclass(frozen=True)
class Encoded:
    """Logits of one head as they are stored: ``logits`` (R, C) float16, ``max`` and ``logsumexp`` (R,)
    float32.
    """

    logits: np.ndarray
    max: np.ndarray
    logsumexp: np.ndarray


def encode(logits: np.ndarray, floor: float | None, ids: Sequence[str], where: object) -> Encoded:
    """Turn (R, C) logits of any float type into what a shard holds.

    floor
        Lowest (logit - maximum) kept, e.g. -30; smaller ones, -inf among them, are raised to it before the
        logsumexp is taken. ``None`` refuses -inf and whatever fp16 cannot hold.

    Raises DataError naming the sample for NaN, +inf, a row without a finite logit, and values below the
    range.
    """
    exact = np.asarray(logits, dtype=np.float64)
    highest = exact.max(axis=1)
    bad = np.flatnonzero(~np.isfinite(highest))
    if bad.size:
        raise DataError(
            f"logits of {ids[bad[0]]} are not finite",
            where,
            "finite logits",
            "look at the model that made them",
        )
    relative = exact - highest[:, None]
    lowest = float(np.finfo(np.float16).min)
    if floor is not None:
        relative = np.maximum(relative, floor)
    elif (low := np.argwhere(~(relative >= lowest))).size:
        row, column = low[0]
        raise DataError(
            f"logit of class {column} of {ids[row]} is {exact[row, column]}",
            where,
            f"at most {-lowest:.0f} below the maximum",
            "give the writer a floor (a teacher that counts gives zero probabilities)",
        )
    spread = np.log(np.exp(relative).sum(axis=1))
    return Encoded(
        relative.astype(np.float16), highest.astype(np.float32), (highest + spread).astype(np.float32)
    )


def decode(stored: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """Logits (R, C) float32 from the stored difference to the maximum."""
    return stored.astype(np.float32) + highest[:, None]


def rounding(stored: np.ndarray) -> np.ndarray:
    """(R,) largest change that rounding to fp16 can have made to a row's logsumexp: sum of p |logit - max|
    2^-11.
    """
    relative = stored.astype(np.float64)
    weight = np.exp(relative)
    return 2.0**-11 * (weight * -relative).sum(axis=1) / weight.sum(axis=1)


def pack(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Texts as UTF-8 bytes end to end (uint8), and where each one stops (int64)."""
    encoded = [text.encode() for text in texts]
    stops = np.cumsum([len(part) for part in encoded], dtype=np.int64)
    return np.frombuffer(b"".join(encoded), dtype=np.uint8).copy(), stops


def unpack(data: np.ndarray, stops: np.ndarray) -> list[str]:
    """The inverse of ``pack``."""
    whole = data.tobytes()
    starts = [0, *stops.tolist()][:-1]
    return [whole[start:stop].decode() for start, stop in zip(starts, stops.tolist(), strict=True)]
