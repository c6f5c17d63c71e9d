"""Pairs of a verb and a noun that are kept from training: what a model makes of them shows whether it reads
the verb off the object.
"""

from __future__ import annotations

import hashlib
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from foretaste.annotations.pairs import pairs_of
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError

Pair = tuple[int, ...]

#: Of a part of a withheld pair (its verb, its noun): how many other pairs with it stay in training, and how
#: many segments these have.
OTHERS, SEGMENTS_LEFT = 2, 5


def withhold(segments: pa.Table, classes: ClassSpace, count: int, evaluated: str) -> pa.Table:
    """The segments (rows as SEGMENTS) without the training segments of ``count`` pairs.

    They are the first, in the order of sha256("<verb>/<noun>"), that occur in training and in the split
    ``evaluated`` and whose parts training still shows: each in ``OTHERS`` more pairs, with ``SEGMENTS_LEFT``
    segments or more. Raises ConfigError where there are fewer, or the main head has no parts.
    """
    main, pairs = classes.main, pairs_of(classes)
    if not pairs:
        raise _wrong(f"{count} pairs of a dataset whose {main} has no parts", "null", "set it to null")
    training = pc.equal(segments["split"], "training")
    shown = _pairs(segments.filter(training), main, pairs)
    measured = _pairs(segments.filter(pc.equal(segments["split"], evaluated)), main, pairs)
    taken: set[Pair] = set()
    for pair in sorted(shown.keys() & measured.keys(), key=lambda pair: _order(pair, classes)):
        if len(taken) < count and _can_spare(pair, shown):
            taken.add(pair)
            del shown[pair]
    if len(taken) < count:
        most = f"at most {len(taken)}" if taken else "null"
        raise _wrong(f"{count} pairs of a dataset that can spare {len(taken)}", most, f"set it to {most}")
    gone = pa.array([index for index, pair in enumerate(pairs) if pair in taken])
    return segments.filter(pc.invert(pc.and_(training, pc.is_in(segments[f"{main}_id"], gone))))


def _pairs(segments: pa.Table, main: str, pairs: list[Pair]) -> Counter[Pair]:
    labels = segments[f"{main}_id"].drop_null().to_pylist()
    return Counter(pairs[label] for label in labels)


def _can_spare(pair: Pair, shown: Counter[Pair]) -> bool:
    for at, part in enumerate(pair):
        others = [other for other in shown if other != pair and other[at] == part]
        if len(others) < OTHERS or sum(shown[other] for other in others) < SEGMENTS_LEFT:
            return False
    return True


def _order(pair: Pair, classes: ClassSpace) -> bytes:
    parts = classes.parts(classes.main)
    name = "/".join(classes.names(part)[index] for part, index in zip(parts, pair, strict=True))
    return hashlib.sha256(name.encode()).digest()


def _wrong(what: str, expected: str, to_do: str) -> ConfigError:
    return ConfigError(what, "dataset: withheld_pairs", expected, to_do)
