"""The verbs of EPIC-KITCHENS-55, its labelled videos parted by participant: those of the first ones are
trained on, the others are measured (Tran et al. 2019, as others before them: P01 to P25, 23,191 segments; P26
to P31, 5,281).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import PositiveInt

from foretaste.annotations.rows import Found, Row, RowError, read_names, read_rows
from foretaste.annotations.segments import Annotation, Annotations, check_span, table
from foretaste.contracts.classes import ClassSpace
from foretaste.settings.options import Options

HEAD = "verb"
LABELS = "EPIC_train_action_labels.csv"
VERBS = "EPIC_verb_classes.csv"
COLUMNS = (
    "uid", "participant_id", "video_id", "narration", "start_timestamp", "stop_timestamp", "verb_class",
)  # fmt: skip

#: Its heads, the main one first.
HEADS = (HEAD,)


class Config(Options):
    official: str = "epic55"
    """Folder of the official EPIC_*.csv files, relative to data_root."""
    last_of_training: PositiveInt = 25
    """Participants up to this number are trained on."""


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    return [root / config.official / name for name in (LABELS, VERBS)]


def build(config: Config, *, root: Path, dataset: str) -> Epic55Verbs:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return Epic55Verbs(config, root, dataset)


@dataclass(frozen=True)
class Epic55Verbs:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable segments; DataError for files that cannot be used at all."""
        found, read = Found(self.root), {}
        labels, verbs = files(self.config, self.root)
        classes = ClassSpace(heads={HEAD: read_names(verbs, found, "verb_id", "class_key")})
        for row in read_rows(labels, found, COLUMNS, header=True):
            try:
                segment = self._segment(row, classes)
                if segment.number in read:
                    raise RowError(f"uid {segment.number} occurs twice, expected each segment once")
                read[segment.number] = segment
            except RowError as reason:
                found.add(row, reason, row.cells["uid"])
        segments = table(read.values(), classes, self.dataset)
        return Annotations(segments=segments, classes=classes, issues=found.issues)

    def _segment(self, row: Row, classes: ClassSpace) -> Annotation:
        participant, video_id = row.text("participant_id"), row.video("video_id")
        if not re.fullmatch("P[0-9]{2}", participant) or not video_id.startswith(f"{participant}_"):
            raise RowError(f"participant {participant!r} of the video {video_id!r}, expected P01 of P01_01")
        start_s, stop_s = row.clock("start_timestamp"), row.clock("stop_timestamp")
        check_span(start_s, stop_s)
        trained_on = int(participant[1:]) <= self.config.last_of_training
        return Annotation(
            number=row.integer("uid"),
            split="training" if trained_on else "validation",
            video_id=video_id,
            start_s=start_s,
            stop_s=stop_s,
            labels={HEAD: row.class_id("verb_class", classes.names(HEAD))},
            narration=row.optional("narration"),
            participant=participant,
        )
