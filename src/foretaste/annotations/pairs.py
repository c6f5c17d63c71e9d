"""Groups of actions by whether training shows their verb with their noun at all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from foretaste.contracts.classes import ClassSpace

SEEN, UNSEEN = "seen_pairs", "unseen_pairs"


def with_pairs(classes: ClassSpace, trained: Collection[int]) -> ClassSpace:
    """The label space with the groups ``seen_pairs`` and ``unseen_pairs`` of its main head: the classes that
    are among the ids ``trained``, of the training segments, and those that are not. Only where that head is
    made of others.
    """
    main = classes.main
    if not classes.parts(main):
        return classes
    ids = range(len(classes.names(main)))
    found = {
        SEEN: {main: tuple(index for index in ids if index in trained)},
        UNSEEN: {main: tuple(index for index in ids if index not in trained)},
    }
    return replace(classes, groups={**classes.groups, **found})
