"""A label space made from labels that are words: of the rows of a dataset, or of a list of its classes."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from foretaste.annotations.rows import RowError
from foretaste.contracts.classes import ClassSpace


@dataclass(frozen=True, order=True)
class Label:
    """What a row is labelled with; verb and noun are both there, or both empty."""

    action: str
    verb: str = ""
    noun: str = ""

    def __str__(self) -> str:
        return f"{self.action!r} with verb {self.verb!r} and noun {self.noun!r}"


def derived(labels: Iterable[Label], head: str = "action") -> ClassSpace:
    """The classes that occur, numbered by their names in the order of code points; ``head`` is what actions
    are called.

    An action that stands with several pairs of verb and noun is made of the commonest pair, of equally common
    ones of the first by name. So neither ids nor makeup depend on the order of the rows.
    """
    counts = Counter(labels)
    makeup: dict[str, Label] = {}
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        makeup.setdefault(label.action, label)
    chosen = [makeup[action] for action in sorted(makeup)]
    verbs, nouns = sorted({label.verb for label in chosen}), sorted({label.noun for label in chosen})
    return _space(chosen, verbs, nouns, head)


def listed(labels: Sequence[Label], head: str = "action") -> ClassSpace:
    """The classes of a list of different actions, numbered as they stand, verbs and nouns by first
    mention.
    """
    verbs = dict.fromkeys(label.verb for label in labels)
    nouns = dict.fromkeys(label.noun for label in labels)
    return _space(labels, list(verbs), list(nouns), head)


def alike(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that differ only in case, in spaces, ``_`` and ``-``, or in how a letter is encoded."""
    first: dict[str, str] = {}
    pairs = []
    for name in names:
        folded = unicodedata.normalize("NFKC", name).casefold()
        key = " ".join(folded.replace("_", " ").replace("-", " ").split())
        if key in first:
            pairs.append((first[key], name))
        first.setdefault(key, name)
    return pairs


def class_id(label: Label, actions: Mapping[str, int], classes: ClassSpace) -> int:
    """The class id of the label's action; ``actions`` are the ids by name.

    Raises RowError for an action that is no class, or that is made of another verb and noun.
    """
    action = actions.get(label.action)
    if action is None:
        near = get_close_matches(label.action, actions, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise RowError(f"action {label.action!r}, expected one of the {len(actions)} listed classes{hint}")
    if parts := classes.parts(classes.main):
        verb, noun = (classes.names(part)[parts[part][action]] for part in ("verb", "noun"))
        if (verb, noun) != (label.verb, label.noun):
            raise RowError(f"action {label}, expected verb {verb!r} and noun {noun!r}")
    return action


def with_parts(action: int, classes: ClassSpace) -> dict[str, int]:
    """head -> class id: of a class of the main head, and of all that it is made of."""
    return {classes.main: action, **{part: ids[action] for part, ids in classes.parts(classes.main).items()}}


def _space(labels: Sequence[Label], verbs: Sequence[str], nouns: Sequence[str], head: str) -> ClassSpace:
    action = tuple(label.action for label in labels)
    if not any(verbs):
        return ClassSpace(heads={head: action})
    verb_ids = {name: index for index, name in enumerate(verbs)}
    noun_ids = {name: index for index, name in enumerate(nouns)}
    pairs = [(verb_ids[label.verb], noun_ids[label.noun]) for label in labels]
    return verb_noun(action, tuple(verbs), tuple(nouns), pairs)


def verb_noun(
    actions: Sequence[str],
    verbs: Sequence[str],
    nouns: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    **groups: Mapping[str, Mapping],
) -> ClassSpace:
    """Actions that are made of a verb and a noun each: their names, and each action's ``pairs`` of ids.

    groups
        ``groups`` and ``sample_groups`` of the label space.
    """
    made_of = {
        "verb": tuple(verb for verb, _ in pairs),
        "noun": tuple(noun for _, noun in pairs),
    }
    heads = {"action": tuple(actions), "verb": tuple(verbs), "noun": tuple(nouns)}
    return ClassSpace(heads=heads, composition={"action": made_of}, **groups)


def either(
    pairs: Sequence[tuple[int, int]], verbs: Collection[int], nouns: Collection[int]
) -> tuple[int, ...]:
    """The actions whose verb is among ``verbs`` or whose noun is among ``nouns``."""
    return tuple(action for action, (verb, noun) in enumerate(pairs) if verb in verbs or noun in nouns)
