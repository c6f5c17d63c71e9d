"""Tail classes of a dataset whose files list none, by the rule of EPIC-KITCHENS-100."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pyarrow as pa

from foretaste.annotations.labels import either
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError


def with_tail(classes: ClassSpace, training: pa.Table, share: float) -> ClassSpace:
    """The label space with the group ``tail``: of each part of the main head the smallest classes, which
    together have at most ``share`` of the ``training`` segments (rows as SEGMENTS), and the classes of the
    main head that have such a part (Damen et al. 2022, "Rescaling Egocentric Vision"). Of two
    classes with as many segments the one with the higher id is the smaller.

    Raises ConfigError where the dataset's files list tail classes, the main head has no parts, or the share
    is too small for any class.
    """
    main = classes.main
    parts = classes.parts(main)
    if "tail" in classes.groups or set(parts) != {"verb", "noun"}:
        what = "lists its tail classes itself" if "tail" in classes.groups else "has no verbs and nouns"
        raise ConfigError(
            f"the tail of a dataset that {what}", "dataset: tail", "a dataset without", "set it to null"
        )
    verbs, nouns = (
        _smallest(training[f"{part}_id"].to_pylist(), len(classes.names(part)), share)
        for part in ("verb", "noun")
    )
    if not verbs and not nouns:
        raise ConfigError(
            f"no verb and no noun has at most {share:g} of the training segments", "dataset: tail",
            "a share that some class has (EPIC-KITCHENS-100: 0.2)", "raise it, or set it to null",
        )  # fmt: skip
    pairs = list(zip(parts["verb"], parts["noun"], strict=True))
    tail = {main: either(pairs, verbs, nouns), "verb": verbs, "noun": nouns}
    return replace(classes, groups={**classes.groups, "tail": tail})


def _smallest(ids: list[int], classes: int, share: float) -> tuple[int, ...]:
    counts = Counter(ids)
    found, together = [], 0
    for index in sorted(range(classes), key=lambda index: (counts[index], -index)):
        together += counts[index]
        if together > share * len(ids):
            break
        found.append(index)
    return tuple(sorted(found))
