"""A dataset in one's own CSV files: one row a segment, with a header. docs/tutorial.md has a worked example.

Which column is which, the clock, the delimiter and the words for the splits are settings. Labels are words: a
verb and a noun (the action is made of them, ``take_cup``), an action alone, or all three. Unless a file lists
them, the classes are those of all rows whose labels can be read, good or bad otherwise, numbered by name
(``labels.derived``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, PositiveFloat, model_validator

from foretaste.annotations.cells import Cells, Times
from foretaste.annotations.labels import Label, alike, class_id, derived, listed, with_parts
from foretaste.annotations.rows import Found, Row, RowError, every_row, read_header, read_rows
from foretaste.annotations.segments import Annotation, Annotations, check_span, table
from foretaste.contracts.classes import ClassSpace, check_head_names
from foretaste.contracts.errors import ConfigError, DataError, unknown
from foretaste.settings.options import Options
from foretaste.settings.places import inside_data_root

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
SPLITS = ("training", "validation", "test")
#: Said of a row whose labels cannot be read, where classes are those that occur.
MOVES_IDS = "; class ids may differ without it"

Split = Literal[SPLITS]
Inside = Annotated[str, AfterValidator(inside_data_root)]


def _head(name: str) -> str:
    try:
        check_head_names((name,), "reader: head")
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return name


class Columns(Options):
    """The file's own names. A column named here must be there; one that is not is used if it is there."""

    video: str = "video"
    """The video's file name without its suffix."""
    start: str = "start"
    """When the action begins."""
    stop: str = "stop"
    """When it is over."""
    split: str = "split"
    """training, validation or test, or the words of `splits`."""
    verb: str = "verb"
    """Goes with `noun`."""
    noun: str = "noun"
    """Goes with `verb`."""
    action: str = "action"
    """A name for the whole; without it, it is made of verb and noun."""
    participant: str = "participant"
    """Who is seen."""
    narration: str = "narration"
    """The action in free words."""
    id: str = "id"
    """The segment's own name; without it, it is made of video, times and action."""


#: The heads that there may be, the main one first; ``{head}`` is what the setting says.
HEADS = ("{head}", "verb", "noun")


class Config(Options):
    file: Inside | None = None
    """The CSV file, relative to data_root; a column says the split."""
    files: dict[Split, Inside] = {}
    """In place of `file`: the file of each split."""
    columns: Columns = Columns()
    """How the columns are called."""
    delimiter: Literal[tuple(DELIMITERS)] = "comma"
    """What stands between two cells."""
    times: Times = "seconds"
    """How times are written: 75.5, or 00:01:15.5, or the number of a frame."""
    fps: PositiveFloat | None = None
    """With `times: frames`, frames a second: frame k, counted from 0, begins at k / fps."""
    splits: dict[str, Split] = {}
    """Words of the column `split` -> splits, where they are others: `{train: training, val: validation}`."""
    classes: Inside | None = None
    """A CSV file of all actions, each once, in the same label columns; class ids follow its order."""
    head: Annotated[str, AfterValidator(_head)] = "action"
    """What the labels of the column `action` are called where they are no actions of a verb and a noun."""
    whole_clips: bool = False
    """Each row is a whole video: there are no `start` and `stop`."""
    shared_videos: bool = False
    """Whether a video may lie in several splits: what is learnt of it is then measured on it."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Config:
        if (self.file is None) == (not self.files):
            raise ValueError("file (a column says the split), or files (one a split)")
        if self.files and (self.splits or "split" in self.columns.model_fields_set):
            raise ValueError("files says the splits: leave out splits and columns: split")
        if (self.times == "frames") != (self.fps is not None):
            raise ValueError("fps goes with times: frames")
        if self.whole_clips and {"start", "stop"} & self.columns.model_fields_set:
            raise ValueError("whole clips have no start and stop: leave out whole_clips, or these columns")
        return self


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    named = [config.file, *config.files.values(), config.classes]
    return [root / name for name in named if name is not None]


def build(config: Config, *, root: Path, dataset: str) -> Csv:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return Csv(config, root, dataset)


@dataclass(frozen=True)
class Entry:
    """A row whose label can be read; ``split`` is that of its file, or None."""

    row: Row
    split: str | None
    label: Label


@dataclass(frozen=True)
class Csv:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable segments; ConfigError for columns that are not there, DataError for files of no use."""
        found = Found(self.root)
        sources = list(self.config.files.items()) or [(None, self.config.file)]
        cells = self._cells(self.root / sources[0][1])
        entries = [entry for split, name in sources for entry in self._entries(split, name, cells, found)]
        classes = self._derived(entries, found) if self.config.classes is None else self._listed(cells)
        read = self._annotations(entries, cells, classes, found)
        self._check_splits(read, found)
        return Annotations(segments=table(read, classes, self.dataset), classes=classes, issues=found.issues)

    def _cells(self, path: Path) -> Cells:
        """How rows are read, given the columns of the first file; further files must have the same ones."""
        header, where = read_header(path, self._delimiter), f"{path}: line 1"
        for name, other in DELIMITERS.items():
            if len(header) == 1 and other in header[0]:
                raise ConfigError(
                    f"cells parted by a {name}",
                    where,
                    f"by a {self.config.delimiter}",
                    f"set reader: delimiter: {name}",
                )
        asked, named = self.config.columns.model_dump(), self.config.columns.model_fields_set
        times = () if self.config.whole_clips else ("start", "stop")
        for field in ("video", *times, *(["split"] if self.config.file else []), *sorted(named)):
            if asked[field] not in header:
                raise unknown("column", asked[field], header, f"{where} (reader: columns: {field})")
        unread = {"start", "stop"} - set(times)
        columns = {
            field: column for field, column in asked.items() if column in header and field not in unread
        }
        pair = {"verb", "noun"} & set(columns)
        if len(pair) == 1 and pair & named:
            to_do = "name both, or name the one column as action"
            raise ConfigError(f"a {pair.pop()} alone", where, "verb and noun", to_do)
        if len(pair) < 2:
            columns = {field: column for field, column in columns.items() if field not in pair}
            if "action" not in columns:
                has, to_do = ", ".join(header), "name them in reader: columns"
                raise ConfigError(f"no labels in {has}", where, "verb and noun, or action", to_do)
        elif self.config.head != "action":
            to_do = "leave out reader: head, or name the one column as action"
            raise ConfigError(f"verbs and nouns of a {self.config.head}", where, "actions alone", to_do)
        splits = self.config.splits or {split: split for split in SPLITS}
        return Cells(columns=columns, times=self.config.times, fps=self.config.fps, splits=splits)

    def _entries(self, split: str | None, name: str, cells: Cells, found: Found) -> list[Entry]:
        lost = MOVES_IDS if self.config.classes is None else ""
        needed = [column for field, column in cells.columns.items() if split is None or field != "split"]
        rows = read_rows(self.root / name, found, needed, header=True, delimiter=self._delimiter, lost=lost)
        entries = []
        for row in rows:
            try:
                entries.append(Entry(row, split, cells.label(row)))
            except RowError as reason:
                found.add(row, f"{reason}{lost}", cells.key(row))
        return entries

    def _derived(self, entries: Sequence[Entry], found: Found) -> ClassSpace:
        classes = derived((entry.label for entry in entries), self.config.head)
        for head, names in sorted(classes.heads.items(), key=lambda item: item[0] == classes.main):
            if pairs := alike(names):
                said = ", ".join(f"{one!r} and {other!r}" for one, other in pairs)
                raise DataError(
                    f"{head} classes that look alike: {said}",
                    self._where(found),
                    "one name for one class",
                    "write it in one way, or list both in reader: classes",
                )
        return classes

    def _listed(self, cells: Cells) -> ClassSpace:
        path = self.root / self.config.classes
        heads = [cells.columns[head] for head in ("verb", "noun", "action") if head in cells.columns]
        labels: dict[str, Label] = {}
        for row in every_row(path, self.root, heads, self._delimiter):
            try:
                label = cells.label(row)
                if label.action in labels:
                    raise RowError(f"action {label.action!r} occurs twice, expected each once")
            except RowError as reason:
                what, where = f"bad class list ({reason})", f"{path}: line {row.line}"
                raise DataError(what, where, "one action a row", "mend the row") from reason
            labels[label.action] = label
        return listed(list(labels.values()), self.config.head)

    def _annotations(
        self, entries: Sequence[Entry], cells: Cells, classes: ClassSpace, found: Found
    ) -> list[Annotation]:  # fmt: skip
        """The segments of the rows, by id: their order in the files changes nothing."""
        actions = {name: index for index, name in enumerate(classes.names(classes.main))}
        read: dict[str, Annotation] = {}
        for entry in entries:
            try:
                annotation = _annotation(entry, cells, class_id(entry.label, actions, classes), classes)
                if annotation.segment_id in read:
                    raise RowError(f"segment {annotation.segment_id!r} occurs twice, expected each once")
                read[annotation.segment_id] = annotation
            except RowError as reason:
                found.add(entry.row, reason, cells.key(entry.row))
        return [read[name] for name in sorted(read)]

    def _check_splits(self, read: Sequence[Annotation], found: Found) -> None:
        """Raise DataError where nothing can be trained or measured, or what is trained on is measured."""
        videos: dict[str, set[str]] = {split: set() for split in SPLITS}
        for annotation in read:
            videos[annotation.split].add(annotation.video_id)
        measured = "test" if videos["test"] and not videos["validation"] else "validation"
        for split in ("training", measured):
            if not videos[split]:
                raise DataError(
                    f"no usable row of {split}",
                    self._where(found),
                    "rows of training and of validation",
                    "mend the rows, or set reader: splits",
                )
        training, validation, test = videos.values()
        shared = sorted(training & validation | training & test | validation & test)
        if shared and not self.config.shared_videos:
            raise DataError(
                f"video {shared[0]!r} in several splits ({len(shared)} such)",
                self._where(found),
                "each video in one split",
                "part the videos, or set reader: shared_videos: true",
            )

    @property
    def _delimiter(self) -> str:
        return DELIMITERS[self.config.delimiter]

    def _where(self, found: Found) -> str:
        """The files, and the bad rows in them: they may be the reason."""
        named = [self.config.file] if self.config.file else list(self.config.files.values())
        return "; ".join([", ".join(named), *(str(issue) for issue in found.issues)])


def _annotation(entry: Entry, cells: Cells, action: int, classes: ClassSpace) -> Annotation:
    """The segment of a row."""
    row = entry.row
    video, start_s, stop_s = cells.video(row), 0.0, None
    made = f"{video}_{entry.label.action}"
    if "start" in cells.columns:
        start_s, stop_s = cells.seconds(row, "start"), cells.seconds(row, "stop")
        check_span(start_s, stop_s)
        made = f"{video}_{start_s:.3f}_{stop_s:.3f}_{entry.label.action}"
    own = cells.text(row, "id") if "id" in cells.columns else made
    return Annotation(
        number=0,
        segment_id=own,
        split=entry.split or cells.split(row),
        video_id=video,
        start_s=start_s,
        stop_s=stop_s,
        labels=with_parts(action, classes),
        narration=cells.optional(row, "narration"),
        participant=cells.optional(row, "participant"),
    )
