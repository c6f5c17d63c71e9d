"""A label space made from labels that are words: of the rows of a dataset, or of a list of its classes."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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


def derived(labels: Iterable[Label]) -> ClassSpace:
    """The classes that occur, numbered by their names in the order of code points.

    An action that stands with several pairs of verb and noun is made of the commonest pair, of equally common
    ones of the first by name. So neither ids nor makeup depend on the order of the rows.
    """
    counts = Counter(labels)
    makeup: dict[str, Label] = {}
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        makeup.setdefault(label.action, label)
    chosen = [makeup[action] for action in sorted(makeup)]
    return _space(chosen, sorted({label.verb for label in chosen}), sorted({label.noun for label in chosen}))


def listed(labels: Sequence[Label]) -> ClassSpace:
    """The classes of a list of different actions, numbered as they stand, verbs and nouns by first
    mention.
    """
    verbs = dict.fromkeys(label.verb for label in labels)
    nouns = dict.fromkeys(label.noun for label in labels)
    return _space(labels, list(verbs), list(nouns))


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
    if classes.verb:
        verb, noun = classes.verb[classes.action_verb[action]], classes.noun[classes.action_noun[action]]
        if (verb, noun) != (label.verb, label.noun):
            raise RowError(f"action {label}, expected verb {verb!r} and noun {noun!r}")
    return action


def _space(labels: Sequence[Label], verbs: Sequence[str], nouns: Sequence[str]) -> ClassSpace:
    action = tuple(label.action for label in labels)
    if not any(verbs):
        return ClassSpace(action=action, verb=(), noun=(), action_verb=(), action_noun=())
    verb_ids = {name: index for index, name in enumerate(verbs)}
    noun_ids = {name: index for index, name in enumerate(nouns)}
    return ClassSpace(
        action=action,
        verb=tuple(verbs),
        noun=tuple(nouns),
        action_verb=tuple(verb_ids[label.verb] for label in labels),
        action_noun=tuple(noun_ids[label.noun] for label in labels),
    )
