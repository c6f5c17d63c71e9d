"""The label space: names of verbs, nouns and actions, and which verb and noun an action is made of.

It is written once a dataset (``classes.json``) and travels with every model and every score cache; whoever joins two
of them compares the names, not the counts.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from foretaste.contracts.errors import DataError

FORMAT = 1

#: The three things that a segment is labelled with, in the order used everywhere.
HEADS = ("action", "verb", "noun")

#: Fields that files of earlier versions lack.
_LATER = {"tail_verb", "tail_noun", "unseen_video"}


@dataclass(frozen=True, kw_only=True)
class ClassSpace:
    """Names by class id, and the makeup of each action.

    action, verb, noun
        Names; the position is the class id. Names are the dataset's own (EPIC: ``take_pan``, ``take``, ``board:chopping``).
    action_verb, action_noun
        For each action its verb id and its noun id.
    many_shot_verb, many_shot_noun, many_shot_action
        Class ids of the published many-shot lists; empty where a dataset has none.
    tail_verb, tail_noun
        Class ids of the published tail lists, likewise.
    unseen_video
        Videos of the published list of participants who are in no training video, likewise.
    """

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

    def to_json(self) -> str:
        """Canonical JSON: equal spaces give equal bytes. Lists that came later are written only where there are any."""
        stored = {name: value for name, value in asdict(self).items() if value or name not in _LATER}
        return json.dumps({"format": FORMAT, **stored}, sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def read_classes(path: Path) -> ClassSpace:
    """Read ``classes.json``; raises DataError unless it is one, consistent in itself."""
    try:
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError("missing class list", path, "classes.json", "run read_annotations") from error
    except ValueError as error:
        raise DataError(f"damaged class list ({error})", path, "classes.json", "delete it and rerun read_annotations") from error
    expected = {"format", *(f.name for f in fields(ClassSpace))}
    if not expected - _LATER <= set(stored) <= expected or stored["format"] > FORMAT:
        raise DataError(
            f"class list with keys {sorted(stored)}", path, f"format {FORMAT} with keys {sorted(expected)}", "rerun read_annotations"
        )
    space = ClassSpace(**{name: tuple(value) for name, value in stored.items() if name != "format"})
    if not len(space.action) == len(space.action_verb) == len(space.action_noun):
        raise DataError(
            "actions and their verbs and nouns differ in number", path, "one verb and one noun an action", "rerun read_annotations"
        )
    return space
