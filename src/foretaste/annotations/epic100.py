"""EPIC-KITCHENS-100, from the official files or from RULSTM's.

Official files (github.com/epic-kitchens/epic-kitchens-100-annotations): EPIC_100_train.csv,
EPIC_100_validation.csv and, without labels, EPIC_100_test_timestamps.csv; class lists, tail classes,
participants who are in no training video. RULSTM's files (github.com/fpv-iplab/rulstm, RULSTM/data/ek100): no
header, frames at 30 a second, the ids of 3,806 actions, and lists of validation segments in place of lists of
classes and participants; class names are official ones in both layouts.

Segments are known by their narration id ("P01_101_5": the fifth narration of video P01_101). The official
files number verbs and nouns only; an action is a pair of them that occurs in training or validation, be the
row good or bad, and its id is RULSTM's: the rank of "verb_noun", as text.

Groups: ``tail`` classes (an action is one if its verb or its noun is, as the challenges say), validation
videos of ``unseen`` participants, and ``regular`` ones, all others of validation (Sun et al. 2024).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foretaste.annotations.epic100_lists import (
    OFFICIAL_LISTS,
    RULSTM_LISTS,
    Entry,
    official_lists,
    rulstm_lists,
)
from foretaste.annotations.labels import either, verb_noun
from foretaste.annotations.rows import Found, Row, RowError, bad_list, read_names, read_rows
from foretaste.annotations.segments import Annotation, Annotations, check_span, table
from foretaste.settings.options import Options

#: RULSTM counts frames at 30 a second in every video, whatever the video's own rate.
RULSTM_FPS = 30
OFFICIAL = {
    "training": "EPIC_100_train.csv",
    "validation": "EPIC_100_validation.csv",
    "test": "EPIC_100_test_timestamps.csv",
}
OFFICIAL_COLUMNS = ("narration_id", "participant_id", "video_id", "start_timestamp", "stop_timestamp")
RULSTM = {"training": "training.csv", "validation": "validation.csv", "test": "test_timestamps.csv"}
RULSTM_COLUMNS = ("narration_id", "video", "start", "stop")
VERBS = "EPIC_100_verb_classes.csv"
#: Said of an official row whose verb or noun cannot be read: where its action occurs nowhere else, later
#: actions have lower ids.
MOVES_IDS = "; action ids may differ from the published ones"

#: Its heads, the main one first.
HEADS = ("action", "verb", "noun")


class Config(Options):
    layout: Literal["official", "rulstm"] = "official"
    """Whose files say which segments there are, their times and their classes."""
    official: str = "epic100"
    """Folder of the official EPIC_100_*.csv files, relative to data_root; RULSTM's layout takes the class
    names from it.
    """
    rulstm: str = "rulstm/ek100"
    """Folder of RULSTM's files, relative to data_root; may be the same one."""
    noun_classes: Literal["EPIC_100_noun_classes.csv", "EPIC_100_noun_classes_v2.csv"] = (
        "EPIC_100_noun_classes.csv"
    )
    """The list of noun classes; the second version sorts some nouns otherwise, its ids and keys are the same.
    """
    test: bool = True
    """Also read the unlabelled test split, so that it can be scored."""


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    official, rulstm = root / config.official, root / config.rulstm
    names = [official / VERBS, official / config.noun_classes]
    if config.layout == "official":
        return [
            *names,
            *(official / name for name in (*(OFFICIAL[split] for split in _splits(config)), *OFFICIAL_LISTS)),
        ]
    return [
        *names,
        *(
            rulstm / name
            for name in ("actions.csv", *(RULSTM[split] for split in _splits(config)), *RULSTM_LISTS)
        ),
    ]


def build(config: Config, *, root: Path, dataset: str) -> Epic100:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return Epic100(config, root, dataset)


def _splits(config: Config) -> tuple[str, ...]:
    return ("training", "validation", *(("test",) if config.test else ()))


@dataclass(frozen=True)
class Epic100:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable segments of the splits; raises DataError for files that cannot be used at all."""
        found = Found(self.root)
        official = self.root / self.config.official
        verb = read_names(official / VERBS, found, "id", "key")
        noun = read_names(official / self.config.noun_classes, found, "id", "key")
        entries, pairs = self._entries(found, verb, noun)
        actions = self._actions(pairs, found, verb, noun)
        lists = (
            official_lists(official, entries, found, verb, noun)
            if self.config.layout == "official"
            else rulstm_lists(self.root / self.config.rulstm, entries, found)
        )
        verbs, nouns, unseen = lists
        validation = {entry.video_id for entry in entries if entry.split == "validation"}
        tail = {"action": either(list(actions), verbs, nouns), "verb": verbs, "noun": nouns}
        classes = verb_noun(
            [f"{verb[v]}_{noun[n]}" for v, n in actions],
            verb,
            noun,
            list(actions),
            groups={"tail": tail},
            sample_groups={"unseen": unseen, "regular": tuple(sorted(validation - set(unseen)))},
        )
        read = []
        for entry in entries:
            try:
                read.append(self._annotation(entry, actions))
            except RowError as reason:
                found.add(entry.row, reason, entry.segment_id)
        return Annotations(segments=table(read, classes, self.dataset), classes=classes, issues=found.issues)

    def _entries(
        self, found: Found, verb: tuple[str, ...], noun: tuple[str, ...]
    ) -> tuple[list[Entry], set[tuple[int, int]]]:
        """The rows whose ids are good; and the pairs of verb and noun of all rows, as a row that is left out
        must not move action ids.
        """
        seen: set[str] = set()
        split_of: dict[str, str] = {}
        entries, pairs = [], set()
        for split in _splits(self.config):
            for row in self._rows(split, found):
                try:
                    pair = None if split == "test" else self._pair(row, verb, noun)
                    if pair is not None:
                        pairs.add(pair)
                    entry = self._entry(row, split, pair)
                    if entry.segment_id in seen:
                        raise RowError(
                            f"narration_id {entry.segment_id} occurs twice, expected each segment once"
                        )
                    if (first := split_of.setdefault(entry.video_id, split)) != split:
                        raise RowError(
                            f"video {entry.video_id} is in {first} too, expected each video in one split"
                        )
                except RowError as reason:
                    found.add(row, reason, row.cells["narration_id"])
                    continue
                seen.add(entry.segment_id)
                entries.append(entry)
        return entries, pairs

    def _rows(self, split: str, found: Found) -> Iterator[Row]:
        labels = () if split == "test" else ("verb", "noun", "action")
        if self.config.layout == "rulstm":
            return read_rows(
                self.root / self.config.rulstm / RULSTM[split],
                found,
                (*RULSTM_COLUMNS, *labels),
                header=False,
            )
        columns = (*OFFICIAL_COLUMNS, *(("narration", "verb_class", "noun_class") if labels else ()))
        return read_rows(
            self.root / self.config.official / OFFICIAL[split],
            found,
            columns,
            header=True,
            lost=MOVES_IDS if labels else "",
        )

    def _pair(self, row: Row, verb: tuple[str, ...], noun: tuple[str, ...]) -> tuple[int, int]:
        if self.config.layout == "rulstm":
            return row.class_id("verb", verb), row.class_id("noun", noun)
        try:
            return row.class_id("verb_class", verb), row.class_id("noun_class", noun)
        except RowError as reason:
            raise RowError(f"{reason}{MOVES_IDS}") from reason

    def _entry(self, row: Row, split: str, pair: tuple[int, int] | None) -> Entry:
        rulstm = self.config.layout == "rulstm"
        segment_id, video_id = row.text("narration_id"), row.text("video" if rulstm else "video_id")
        within, _, number = segment_id.rpartition("_")
        if within != video_id or not number.isdecimal():
            raise RowError(f"narration_id {segment_id!r} in video {video_id!r}, expected {video_id}_<number>")
        entry = Entry(row, split, segment_id, video_id, pair)
        if not rulstm and row.text("participant_id") != entry.participant:
            raise RowError(
                f"participant_id {row.cells['participant_id']!r} in video {video_id!r}, expected"
                f" {entry.participant!r}"
            )
        return entry

    def _annotation(self, entry: Entry, actions: dict[tuple[int, int], int]) -> Annotation:
        row, action = entry.row, None if entry.pair is None else actions.get(entry.pair)
        if self.config.layout == "rulstm":
            start_s, stop_s = row.integer("start") / RULSTM_FPS, row.integer("stop") / RULSTM_FPS
            if entry.pair is not None and (action is None or row.integer("action") != action):
                expected = "a pair of actions.csv" if action is None else f"action {action}"
                raise RowError(
                    f"action {row.cells['action']} with verb {entry.pair[0]} and noun {entry.pair[1]},"
                    f" expected {expected}"
                )
        else:
            start_s, stop_s = row.clock("start_timestamp"), row.clock("stop_timestamp")
        check_span(start_s, stop_s)
        labels = {}
        if entry.pair is not None:
            labels = {"verb": entry.pair[0], "noun": entry.pair[1], "action": action}
        return Annotation(
            number=int(entry.segment_id.rpartition("_")[2]),
            segment_id=entry.segment_id,
            split=entry.split,
            video_id=entry.video_id,
            start_s=start_s,
            stop_s=stop_s,
            labels=labels,
            narration=row.optional("narration"),
            participant=entry.participant,
        )

    def _actions(
        self, pairs: set[tuple[int, int]], found: Found, verb: tuple[str, ...], noun: tuple[str, ...]
    ) -> dict[tuple[int, int], int]:
        """(verb, noun) -> action id, in the order of the ids."""
        if self.config.layout == "official":
            return {
                pair: index
                for index, pair in enumerate(sorted(pairs, key=lambda pair: f"{pair[0]}_{pair[1]}"))
            }
        path = self.root / self.config.rulstm / "actions.csv"
        actions: dict[tuple[int, int], int] = {}
        for row in read_rows(path, found, ("id", "verb", "noun"), header=True):
            try:
                pair = row.class_id("verb", verb), row.class_id("noun", noun)
                if row.integer("id") != len(actions) or pair in actions:
                    raise RowError(f"id {len(actions)} and a new pair of verb and noun")
            except RowError as reason:
                raise bad_list(row, path, str(reason)) from reason
            actions[pair] = len(actions)
        return actions
