"""The JSON files of Something-Something v2 and Something-Else: a list of clips, and the class texts.

A clip is ``{"id": "74225", "label": "spinning cube that quickly stops spinning", "template": "Spinning
[something] that quickly stops spinning", "placeholders": ["cube"]}``; where labels are hidden, the id alone.
Its class is the template without brackets, and ``labels.json`` gives each class text a number.

**These numbers are not everybody's.** Something-Else's own loader ignores them and numbers the texts by the
alphabet; others use them. In Something-Something v2 the two agree, in Something-Else for 1 class of 174. A
label space holds the texts by number, and they go wherever its scores and checkpoints go, so that the two are
never taken for each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from foretaste.annotations.rows import RowError, printable
from foretaste.annotations.segments import Annotation, Annotations, table
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import Issue
from foretaste.contracts.json_files import read_json

#: Its heads.
HEAD = "action"

Numbering = Literal["file", "alphabet"]


@dataclass(frozen=True)
class ClipList:
    """A file of clips of a split, and whether they have labels."""

    split: str
    path: Path
    labelled: bool = True


def read_clips(
    lists: Sequence[ClipList], labels: Path, numbering: Numbering, *, root: Path, dataset: str
) -> Annotations:
    """The clips of several files as whole videos; one that cannot be used is an issue.

    Raises DataError for a file that is not there or holds something else, and a list of classes that do not
    count up from 0.
    """
    names = class_texts(labels, numbering)
    ids = {name: index for index, name in enumerate(names)}
    read: dict[str, Annotation] = {}
    issues = []
    for clips in lists:
        file = clips.path.relative_to(root).as_posix()
        for number, entry in enumerate(_entries(clips.path), 1):
            try:
                found = _annotation(entry, clips, ids)
                if (earlier := read.get(str(found.number))) is not None:
                    raise RowError(
                        f"id {found.number} is in {earlier.split} already, expected each clip once"
                    )
                read[str(found.number)] = found
            except RowError as reason:
                key = entry.get("id") if isinstance(entry, dict) else None
                key = key if isinstance(key, str) else None
                issues.append(Issue(file=file, row=f"clip {number}", key=key, reason=str(reason)))
    classes = ClassSpace(heads={HEAD: names})
    return Annotations(segments=table(read.values(), classes, dataset), classes=classes, issues=issues)


def class_texts(path: Path, numbering: Numbering) -> tuple[str, ...]:
    """The texts of ``labels.json`` by class id: by the numbers that it gives, or by the alphabet."""
    listed = read_json(path, "the download of the dataset")
    if not isinstance(listed, dict) or not listed:
        raise _bad_list(path, "no class texts")
    try:
        numbers = {printable(text, "class"): _number(number, text, path) for text, number in listed.items()}
    except RowError as reason:
        raise _bad_list(path, str(reason)) from reason
    if missing := sorted(set(range(len(numbers))) - set(numbers.values())):
        raise _bad_list(path, f"no class of number {missing[0]} among {len(numbers)}")
    return tuple(sorted(numbers, key=numbers.get if numbering == "file" else None))


def _number(number: Any, text: str, path: Path) -> int:
    """Something-Something writes numbers as text, Something-Else as numbers."""
    if type(number) is int or (isinstance(number, str) and re.fullmatch("[0-9]{1,6}", number)):
        return int(number)
    raise _bad_list(path, f"number {number!r} of the class {text!r}")


def _bad_list(path: Path, what: str) -> DataError:
    expected = "class texts, and the numbers from 0 on, each once"
    return DataError(f"bad class list ({what})", path, expected, "use the published file")


def _entries(path: Path) -> list[Any]:
    found = read_json(path, "the download of the dataset")
    if not isinstance(found, list):
        raise DataError("no list of clips", path, 'a list of {"id": ..., ...}', "use the published file")
    return found


def _annotation(entry: Any, clips: ClipList, ids: Mapping[str, int]) -> Annotation:
    if not isinstance(entry, dict):
        raise RowError(f"{type(entry).__name__} in place of a clip")
    clip = _text(entry, "id")
    if not re.fullmatch("[1-9][0-9]{0,8}", clip):
        raise RowError(f"id is {clip!r}, expected the number of a clip")
    labels, narration = {}, None
    if clips.labelled:
        labels, narration = {HEAD: _class_id(_text(entry, "template"), ids)}, _text(entry, "label")
    return Annotation(
        number=int(clip),
        split=clips.split,
        video_id=clip,
        start_s=0.0,
        stop_s=None,
        labels=labels,
        narration=narration,
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    text = entry.get(name)
    if not isinstance(text, str) or not text.strip():
        raise RowError(f"{name} is {text!r}, expected a text" if name in entry else f"no {name}")
    return printable(text.strip(), name)


def _class_id(template: str, ids: Mapping[str, int]) -> int:
    text = template.replace("[", "").replace("]", "")
    if text in ids:
        return ids[text]
    near = get_close_matches(text, ids, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise RowError(f"template {template!r}, expected one of the {len(ids)} classes{hint}")
