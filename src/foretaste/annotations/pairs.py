"""Groups of actions by whether training shows their verb with their noun at all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from foretaste.contracts.classes import ClassSpace

SEEN, UNSEEN = "seen_pairs", "unseen_pairs"


def pairs_of(classes: ClassSpace) -> list[tuple[int, ...]]:
    """For each class of the main head the ids of what it is made of, its verb and its noun; no class where
    that head is not made of others. Two classes may be of one pair.
    """
    return list(zip(*classes.parts(classes.main).values(), strict=True))


def with_pairs(classes: ClassSpace, trained: Collection[int]) -> ClassSpace:
    """The label space with the groups ``seen_pairs`` and ``unseen_pairs`` of its main head: the classes whose
    pair is that of one of the ids ``trained``, of the training segments, and all others. Only where that head
    is made of others.
    """
    main, pairs = classes.main, pairs_of(classes)
    if not pairs:
        return classes
    shown = {pairs[index] for index in trained}
    found = {
        SEEN: {main: tuple(index for index, pair in enumerate(pairs) if pair in shown)},
        UNSEEN: {main: tuple(index for index, pair in enumerate(pairs) if pair not in shown)},
    }
    return replace(classes, groups={**classes.groups, **found})
