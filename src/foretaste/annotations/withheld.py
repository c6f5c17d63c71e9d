"""Pairs of a verb and a noun that are kept from training: what a model makes of them shows whether it reads
the verb off the object.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError

#: Of a part of a withheld class (its verb, its noun): how many other classes with it stay in training, and
#: how many segments these have.
OTHERS, SEGMENTS_LEFT = 2, 5


def withhold(segments: pa.Table, classes: ClassSpace, count: int, evaluated: str) -> pa.Table:
    """The segments (rows as SEGMENTS) without the training segments of ``count`` classes of the main head.

    They are the first, in the order of sha256("<class name>"), that occur in training and in the split
    ``evaluated`` and whose parts training still shows: each in ``OTHERS`` more classes, with
    ``SEGMENTS_LEFT`` segments or more. Raises ConfigError where there are fewer, or a class has no parts.
    """
    main = classes.main
    parts = classes.parts(main)
    if not parts:
        raise _wrong(f"{count} pairs of a dataset whose {main} has no parts", "a dataset of verbs and nouns")
    training = pc.equal(segments["split"], "training")
    shown = Counter(segments.filter(training)[f"{main}_id"].to_pylist())
    measured = set(segments.filter(pc.equal(segments["split"], evaluated))[f"{main}_id"].to_pylist())
    taken: list[int] = []
    for action in sorted(shown.keys() & measured, key=lambda action: _order(classes.names(main)[action])):
        if len(taken) < count and _can_spare(action, shown, parts):
            taken.append(action)
            del shown[action]
    if len(taken) < count:
        raise _wrong(f"{count} pairs of a dataset that can spare {len(taken)}", f"at most {len(taken)}")
    gone = pc.and_(training, pc.is_in(segments[f"{main}_id"], pa.array(taken)))
    return segments.filter(pc.invert(gone))


def _can_spare(action: int, shown: Counter[int], parts: dict[str, Sequence[int]]) -> bool:
    for ids in parts.values():
        others = [other for other in shown if other != action and ids[other] == ids[action]]
        if len(others) < OTHERS or sum(shown[other] for other in others) < SEGMENTS_LEFT:
            return False
    return True


def _order(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _wrong(what: str, expected: str) -> ConfigError:
    return ConfigError(what, "dataset: withheld_pairs", expected, "lower it, or set it to null")
