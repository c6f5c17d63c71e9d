"""The label space: names of verbs, nouns and actions, and which verb and noun an action is made of.

It is written once a dataset (``classes.json``) and travels with every model and every score cache; whoever
joins two of them compares the names, not the counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.json_files import checked, read_json, versioned

FORMAT = 1

#: The three things that a segment is labelled with, in the order used everywhere.
HEADS = ("action", "verb", "noun")

#: Fields that files of earlier versions lack.
_LATER = {"tail_verb", "tail_noun", "unseen_video"}

#: Fields of class ids, and whose classes they are.
_IDS = {
    "action_verb": "verb", "action_noun": "noun", "many_shot_verb": "verb", "many_shot_noun": "noun",
    "many_shot_action": "action",
    "tail_verb": "verb", "tail_noun": "noun",
}  # fmt: skip

_AGAIN = "rerun read_annotations, or fetch the file again"


@dataclass(frozen=True, kw_only=True)
class ClassSpace:
    """Names by class id, and the makeup of each action.

    action, verb, noun
        Names; the position is the class id. Names are the dataset's own (EPIC: ``take_pan``, ``take``,
        ``board:chopping``). A dataset may have actions alone; then there are no verbs and no nouns.
    action_verb, action_noun
        For each action its verb id and its noun id; empty where there are actions alone.
    many_shot_verb, many_shot_noun, many_shot_action
        Class ids of the published many-shot lists; empty where a dataset has none.
    tail_verb, tail_noun
        Class ids of the published tail lists, likewise.
    unseen_video
        Videos of the published list of participants who are in no training video, likewise.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # of a file that is read

    action: tuple[str, ...]
    verb: tuple[str, ...]
    noun: tuple[str, ...]
    action_verb: tuple[int, ...]
    action_noun: tuple[int, ...]
    many_shot_verb: tuple[int, ...] = ()
    many_shot_noun: tuple[int, ...] = ()
    many_shot_action: tuple[int, ...] = ()
    tail_verb: tuple[int, ...] = ()
    tail_noun: tuple[int, ...] = ()
    unseen_video: tuple[str, ...] = ()

    def names(self, head: str) -> tuple[str, ...]:
        """The class names of ``action``, ``verb`` or ``noun``."""
        return {"action": self.action, "verb": self.verb, "noun": self.noun}[head]

    @property
    def heads(self) -> tuple[str, ...]:
        """What this dataset's segments are labelled with."""
        return tuple(head for head in HEADS if self.names(head))

    def sizes(self, heads: Iterable[str]) -> dict[str, int]:
        """head -> its number of classes; raises ConfigError for a head that the dataset does not have."""
        found = {head: len(self.names(head)) for head in heads}
        if absent := [head for head, count in found.items() if not count]:
            raise ConfigError(
                f"a model of {absent[0]}s",
                "network",
                f"heads of the dataset: {', '.join(self.heads)}",
                f"set classify: [{', '.join(self.heads)}] (and no verbaliser), or label {absent[0]}s",
            )
        return found

    def to_json(self) -> str:
        """Canonical JSON: equal spaces give equal bytes. Lists that came later are written only where there
        are any.
        """
        stored = {name: value for name, value in asdict(self).items() if value or name not in _LATER}
        return json.dumps({"format": FORMAT, **stored}, sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def read_classes(path: Path) -> ClassSpace:
    """Read ``classes.json``; raises DataError unless it is one, consistent in itself."""
    stored = versioned(read_json(path, "read_annotations"), FORMAT, "class list", path)
    space = checked(
        {name: value for name, value in stored.items() if name != "format"}, ClassSpace, path, _AGAIN
    )
    made_of = len(space.action) if space.verb or space.noun else 0
    if not made_of == len(space.action_verb) == len(space.action_noun):
        raise DataError(
            "actions and their verbs and nouns differ in number",
            path,
            "one verb and one noun an action",
            _AGAIN,
        )
    for head in HEADS:
        names = space.names(head)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"{head} {twice!r} occurs twice", path, "a name a class", _AGAIN)
    for field, head in _IDS.items():
        ids, classes = getattr(space, field), len(space.names(head))
        if wrong := [index for index in ids if not 0 <= index < classes]:
            raise DataError(
                f"{field} names class {wrong[0]}", path, f"ids of the {classes} {head} classes", _AGAIN
            )
    return space
