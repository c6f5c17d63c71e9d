"""EGTEA Gaze+ in RULSTM's files (github.com/fpv-iplab/rulstm, RULSTM/data/egtea): three splits of 10,321
clips, 106 actions.

The splits part clips, not sessions: a session's clips stand on both sides. Frames count at 30 a second.
RULSTM numbers only the 51 nouns in use, so its noun ids are not EGTEA's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foretaste.annotations.labels import verb_noun
from foretaste.annotations.rows import Found, Row, RowError, bad_list, read_rows
from foretaste.annotations.segments import Annotation, Annotations, check_action, check_span, table
from foretaste.contracts.classes import ClassSpace
from foretaste.settings.options import Options

FPS = 30
SPLITS = ("training", "validation")
COLUMNS = ("uid", "video", "start", "stop", "verb", "noun", "action")

#: Its heads, the main one first.
HEADS = ("action", "verb", "noun")


class Config(Options):
    folder: str = "rulstm/egtea"
    """Folder of actions.csv, training<split>.csv and validation<split>.csv, relative to data_root."""
    split: Literal[1, 2, 3] = 1
    """Which of the three splits; papers report the first."""


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    return [
        root / config.folder / name
        for name in ("actions.csv", *(f"{split}{config.split}.csv" for split in SPLITS))
    ]


def build(config: Config, *, root: Path, dataset: str) -> Egtea:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return Egtea(config, root, dataset)


@dataclass(frozen=True)
class Egtea:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable segments of both sides of the split; raises DataError for files that cannot be used at
        all.
        """
        found = Found(self.root)
        actions, *sides = files(self.config, self.root)
        classes = _classes(actions, found)
        read: dict[int, Annotation] = {}
        for split, path in zip(SPLITS, sides, strict=True):
            for row in read_rows(path, found, COLUMNS, header=False):
                try:
                    number = row.integer("uid")
                    if number in read:
                        raise RowError(f"uid {number} occurs twice, expected each segment once")
                    read[number] = _annotation(number, split, row, classes)
                except RowError as reason:
                    found.add(row, reason, row.cells["uid"])
        return Annotations(
            segments=table(read.values(), classes, self.dataset), classes=classes, issues=found.issues
        )


def _annotation(number: int, split: str, row: Row, classes: ClassSpace) -> Annotation:
    ids = {head: row.class_id(head, classes.names(head)) for head in ("verb", "noun", "action")}
    check_action(ids, classes)
    start_s, stop_s = row.integer("start") / FPS, row.integer("stop") / FPS
    check_span(start_s, stop_s)
    return Annotation(
        number=number,
        split=split,
        video_id=row.text("video"),
        start_s=start_s,
        stop_s=stop_s,
        labels=ids,
        participant=row.text("video").partition("-")[0],
    )


def _classes(path: Path, found: Found) -> ClassSpace:
    """actions.csv, ``2, 2_2, Take_eating:utensil``: the names of verbs and nouns stand only in those of the
    actions.
    """
    action, pairs, names = [], [], {"verb": {}, "noun": {}}
    for row in read_rows(path, found, ("id", "verb_noun", "name"), header=False):
        try:
            verb, noun = (int(part) for part in row.text("verb_noun").split("_"))
            verb_name, joint, noun_name = row.text("name").partition("_")
        except ValueError as error:
            raise bad_list(
                row, path, "an id, verb and noun numbers as 2_2, and a name as Take_eating:utensil"
            ) from error
        same = (
            names["verb"].setdefault(verb, verb_name) == verb_name
            and names["noun"].setdefault(noun, noun_name) == noun_name
        )
        if row.cells["id"] != str(len(action)) or not joint or not same or (verb, noun) in pairs:
            raise bad_list(
                row,
                path,
                f"id {len(action)}, a new pair of verb and noun, and one name a verb or noun number",
            )
        action.append(row.cells["name"])
        pairs.append((verb, noun))
    for head, known in names.items():
        if sorted(known) != list(range(len(known))):
            raise bad_list(row, path, f"{head} numbers from 0 without a gap")
    verbs, nouns = ([known[i] for i in sorted(known)] for known in (names["verb"], names["noun"]))
    return verb_noun(action, verbs, nouns, pairs)
