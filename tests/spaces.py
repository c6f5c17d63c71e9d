"""Label spaces for tests: actions made of verbs and nouns, with the groups of EPIC-KITCHENS."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from foretaste.annotations.labels import either
from foretaste.annotations.labels import verb_noun as made_of
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.tables import SAMPLES, SEGMENTS
from foretaste.tasks import anticipation

#: The heads of such a space, in order.
THREE = ("action", "verb", "noun")
SEGMENTS_OF_THREE, SAMPLES_OF_THREE = SEGMENTS.of(THREE).schema, SAMPLES.of(THREE).schema


def verb_noun(
    *,
    action: Sequence[str],
    verb: Sequence[str],
    noun: Sequence[str],
    action_verb: Sequence[int],
    action_noun: Sequence[int],
    many_shot: tuple[Sequence[int], Sequence[int], Sequence[int]] | None = None,
    tail: tuple[Sequence[int], Sequence[int]] | None = None,
    unseen: Sequence[str] | None = None,
) -> ClassSpace:
    """``many_shot``: verbs, nouns, and actions of the published list; ``tail``: verbs, nouns; ``unseen``:
    videos.
    """
    pairs = list(zip(action_verb, action_noun, strict=True))
    groups = {}
    if many_shot is not None:
        verbs, nouns, both = map(tuple, many_shot)
        groups["many_shot_and"] = {"action": both, "verb": verbs, "noun": nouns}
        groups["many_shot_or"] = {"action": either(pairs, verbs, nouns), "verb": verbs, "noun": nouns}
    if tail is not None:
        verbs, nouns = map(tuple, tail)
        groups["tail"] = {"action": either(pairs, verbs, nouns), "verb": verbs, "noun": nouns}
    apart = {} if unseen is None else {"unseen": tuple(unseen)}
    return made_of(action, verb, noun, pairs, groups=groups, sample_groups=apart)


def anticipated(segments: pa.Table, **settings) -> pa.Table:
    """The samples of anticipation with ``tau_a``, ``tau_o`` and so on."""
    return anticipation.build(anticipation.Config(**settings), segments=segments)
