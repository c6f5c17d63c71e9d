"""EPIC-KITCHENS-55 with RULSTM's split of its training videos; any dataset written in the same files.

Official files (github.com/epic-kitchens/annotations): times to 1/100 s, narrations, class lists, many-shot
lists. RULSTM's files (github.com/fpv-iplab/rulstm, RULSTM/data/ek55; Furnari and Farinella 2019): which video
is training and which validation, and the ids of the 2,513 actions. The two are joined by segment id (``uid``)
and must agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foretaste.annotations.labels import either, verb_noun
from foretaste.annotations.rows import Found, Row, RowError, bad_list, read_names, read_rows
from foretaste.annotations.segments import Annotation, Annotations, check_action, check_span, table
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.settings.options import Options

#: RULSTM counts frames at 30 a second in every video, whatever the video's own rate.
RULSTM_FPS = 30
SPLITS = ("training", "validation")
LABELS = "EPIC_train_action_labels.csv"
OFFICIAL_FILES = (
    LABELS, "EPIC_verb_classes.csv", "EPIC_noun_classes.csv",
    "EPIC_many_shot_verbs.csv", "EPIC_many_shot_nouns.csv", "EPIC_many_shot_actions.csv",
)  # fmt: skip
RULSTM_FILES = ("actions.csv", *(f"{split}{part}.csv" for split in SPLITS for part in ("", "_videos")))
RULSTM_COLUMNS = ("uid", "video", "start", "stop", "verb", "noun", "action")
LABEL_COLUMNS = (
    "uid",
    "participant_id",
    "video_id",
    "narration",
    "start_timestamp",
    "stop_timestamp",
    "verb_class",
    "noun_class",
)

#: Its heads, the main one first.
HEADS = ("action", "verb", "noun")


class Config(Options):
    official: str = "epic55"
    """Folder of the official EPIC_*.csv files, relative to data_root."""
    rulstm: str = "rulstm/ek55"
    """Folder of RULSTM's files, relative to data_root; may be the same one."""
    times: Literal["official", "rulstm_30fps"] = "official"
    """Whose clock: the official timestamps (as AVT), or RULSTM's frame numbers / 30 (up to 1/30 s earlier).
    """


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    return [
        *(root / config.official / name for name in OFFICIAL_FILES),
        *(root / config.rulstm / name for name in RULSTM_FILES),
    ]


def build(config: Config, *, root: Path, dataset: str) -> Epic55:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return Epic55(config, root, dataset)


@dataclass(frozen=True)
class Label:
    """A usable row of the official labels."""

    row: Row
    video_id: str
    verb_id: int
    noun_id: int
    start_s: float
    stop_s: float
    narration: str | None
    participant: str | None


@dataclass(frozen=True)
class Epic55:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable segments of both splits; raises DataError for files that cannot be used at all."""
        found = Found(self.root)
        classes = self._classes(found)
        labels = self._labels(found, classes)
        listed: set[int] = set()
        read = [row for split in SPLITS for row in self._split(split, labels, classes, found, listed)]
        for number, label in labels.items():
            if number not in listed and isinstance(label, Label):
                found.add(
                    label.row, "in no split, expected its uid in training.csv or validation.csv", str(number)
                )
        return Annotations(segments=table(read, classes, self.dataset), classes=classes, issues=found.issues)

    def _labels(self, found: Found, classes: ClassSpace) -> dict[int, Label | None]:
        """The official rows by uid; None stands for a bad one."""
        labels: dict[int, Label | None] = {}
        for row in read_rows(self.root / self.config.official / LABELS, found, LABEL_COLUMNS, header=True):
            number = None
            try:
                number = row.integer("uid")
                if number in labels:
                    raise RowError(f"uid {number} occurs twice, expected each segment once")
                labels[number] = None
                start_s, stop_s = row.clock("start_timestamp"), row.clock("stop_timestamp")
                check_span(start_s, stop_s)
                verb, noun = (
                    row.class_id("verb_class", classes.names("verb")),
                    row.class_id("noun_class", classes.names("noun")),
                )
                told, who = row.optional("narration"), row.optional("participant_id")
                labels[number] = Label(row, row.text("video_id"), verb, noun, start_s, stop_s, told, who)
            except RowError as reason:
                found.add(row, reason, row.cells["uid"] if number is None else str(number))
        return labels

    def _split(
        self,
        split: str,
        labels: Mapping[int, Label | None],
        classes: ClassSpace,
        found: Found,
        listed: set[int],
    ) -> Iterator[Annotation]:
        """The segments of one split; their uids, good or bad, are added to ``listed``."""
        folder = self.root / self.config.rulstm
        videos = {
            row.cells["video"]
            for row in read_rows(folder / f"{split}_videos.csv", found, ("video",), header=False)
        }
        for row in read_rows(folder / f"{split}.csv", found, RULSTM_COLUMNS, header=False):
            number = None
            try:
                number = row.integer("uid")
                if number in listed:
                    raise RowError(f"uid {number} occurs twice, expected each segment once")
                listed.add(number)
                if row.text("video") not in videos:
                    raise RowError(f"video {row.cells['video']!r}, expected one of {split}_videos.csv")
                if number not in labels:
                    raise RowError(f"uid {number} is not in {LABELS}")
                if (label := labels[number]) is not None:
                    yield self._annotation(number, split, row, label, classes)
            except RowError as reason:
                found.add(row, reason, row.cells["uid"] if number is None else str(number))

    def _annotation(self, number: int, split: str, row: Row, label: Label, classes: ClassSpace) -> Annotation:
        """The segment of one RULSTM row and the official row of the same uid; raises RowError where it is no
        good or they differ.
        """
        ids = {head: row.class_id(head, classes.names(head)) for head in ("verb", "noun", "action")}
        check_action(ids, classes)
        verb, noun = ids["verb"], ids["noun"]
        if (row.cells["video"], verb, noun) != (label.video_id, label.verb_id, label.noun_id):
            raise RowError(
                f"video {row.cells['video']}, verb {verb}, noun {noun}, expected {label.video_id},"
                f" {label.verb_id}, {label.noun_id} as in line {label.row.line} of {LABELS}"
            )
        start_s, stop_s = row.integer("start") / RULSTM_FPS, row.integer("stop") / RULSTM_FPS
        check_span(start_s, stop_s)
        if self.config.times == "official":
            start_s, stop_s = label.start_s, label.stop_s
        return Annotation(
            number=number,
            split=split,
            video_id=label.video_id,
            start_s=start_s,
            stop_s=stop_s,
            labels=ids,
            narration=label.narration,
            participant=label.participant,
        )

    def _classes(self, found: Found) -> ClassSpace:
        official = self.root / self.config.official
        verb = read_names(official / "EPIC_verb_classes.csv", found, "verb_id", "class_key")
        noun = read_names(official / "EPIC_noun_classes.csv", found, "noun_id", "class_key")
        path = self.root / self.config.rulstm / "actions.csv"
        names, pairs = [], {}
        for row in read_rows(path, found, ("id", "action", "verb", "noun"), header=True):
            try:
                pair = row.class_id("verb", verb), row.class_id("noun", noun)
                if row.integer("id") != len(names) or pair in pairs:
                    raise RowError(f"id {len(names)} and a new pair of verb and noun")
                names.append(row.text("action"))
            except RowError as reason:
                raise bad_list(row, path, str(reason)) from reason
            pairs[pair] = row.integer("id")
        # A verb or a noun is many-shot by one list, an action in two meanings: the published list (both its
        # verb and its noun, seen in training), and either of them (the code of RULSTM and AVT).
        verbs = _listed(official / "EPIC_many_shot_verbs.csv", found, verb=verb)
        nouns = _listed(official / "EPIC_many_shot_nouns.csv", found, noun=noun)
        both = self._many_shot_actions(official / "EPIC_many_shot_actions.csv", found, pairs)
        groups = {
            "many_shot_and": {"action": tuple(sorted(both)), "verb": verbs, "noun": nouns},
            "many_shot_or": {"action": either(list(pairs), verbs, nouns), "verb": verbs, "noun": nouns},
        }
        return verb_noun(names, verb, noun, list(pairs), groups=groups)

    @staticmethod
    def _many_shot_actions(path: Path, found: Found, pairs: Mapping[tuple[int, int], int]) -> set[int]:
        listed = set()
        for row in read_rows(path, found, ("verb_class", "noun_class"), header=True):
            try:
                listed.add(pairs[row.integer("verb_class"), row.integer("noun_class")])
            except (RowError, KeyError) as error:
                raise bad_list(
                    row, path, "a verb and a noun class that make an action of actions.csv"
                ) from error
        return listed


def _listed(path: Path, found: Found, **names: tuple[str, ...]) -> tuple[int, ...]:
    """The class ids of a many-shot list of verbs or nouns."""
    ((head, known),) = names.items()
    try:
        return tuple(
            sorted(
                {
                    row.class_id(f"{head}_class", known)
                    for row in read_rows(path, found, (f"{head}_class",), header=True)
                }
            )
        )
    except RowError as error:
        raise DataError(
            f"bad class list ({error})",
            path,
            f"{head} classes of EPIC_{head}_classes.csv",
            "use the published file",
        ) from error
