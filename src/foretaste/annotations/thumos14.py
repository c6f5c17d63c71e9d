"""THUMOS14, temporal detection (Idrees et al. 2017): 20 sports in whole videos, in the official text files.

``<Class>_val.txt`` (200 videos, which papers train on) and ``<Class>_test.txt`` (213, which they measure on)
hold a line an instance: video, start and stop in seconds. What the annotators could not tell stands in
``Ambiguous_val.txt`` and ``Ambiguous_test.txt``, and is left out. A dive from a cliff stands among
``CliffDiving`` and among ``Diving``, and is one instance of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foretaste.annotations.class_files import ClassFiles
from foretaste.annotations.rows import Found, Row, RowError, read_lines
from foretaste.annotations.segments import Annotation, Annotations, check_span, table
from foretaste.contracts.classes import ClassSpace
from foretaste.settings.options import Options

HEAD = "action"
CLASSES = (
    "BaseballPitch", "BasketballDunk", "Billiards", "CleanAndJerk", "CliffDiving", "CricketBowling",
    "CricketShot", "Diving", "FrisbeeCatch", "GolfSwing", "HammerThrow", "HighJump", "JavelinThrow",
    "LongJump", "PoleVault", "Shotput", "SoccerPenalty", "TennisSwing", "ThrowDiscus", "VolleyballSpiking",
)  # fmt: skip
AMBIGUOUS = ("Ambiguous",)

#: Its heads, the main one first.
HEADS = (HEAD,)


class Config(Options):
    validation: str = "thumos14/TH14_Temporal_annotations_validation/annotation"
    """Folder of <Class>_val.txt, relative to data_root; these videos are trained on."""
    test: str = "thumos14/TH14_Temporal_annotations_test/annotations/annotation"
    """Folder of <Class>_test.txt, relative to data_root."""

    @property
    def lists(self) -> dict[str, ClassFiles]:
        """split -> the file of each class."""
        return {
            "training": ClassFiles(self.validation, "_val.txt", CLASSES, AMBIGUOUS),
            "test": ClassFiles(self.test, "_test.txt", CLASSES, AMBIGUOUS),
        }


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    return [path for lists in config.lists.values() for path in lists.paths(root)]


def build(config: Config, *, root: Path, dataset: str) -> Thumos14:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return Thumos14(config, root, dataset)


@dataclass(frozen=True)
class Thumos14:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable instances; DataError for a list that is not there."""
        found, read = Found(self.root), {}
        for row, split, label in self._rows(found):
            try:
                instance = _instance(row, split, label)
                if instance.segment_id in read:
                    raise RowError(f"{instance.segment_id} occurs twice, expected each instance once")
                read[instance.segment_id] = instance
            except RowError as reason:
                found.add(row, reason, row.cells["video"])
        classes = ClassSpace(heads={HEAD: CLASSES})
        segments = table(read.values(), classes, self.dataset)
        return Annotations(segments=segments, classes=classes, issues=found.issues)

    def _rows(self, found: Found) -> Iterator[tuple[Row, str, int]]:
        for split, lists in self.config.lists.items():
            for label, path in lists.of_classes(self.root, found):
                for row in read_lines(path, found, ("video", "start", "stop")):
                    yield row, split, label


def _instance(row: Row, split: str, label: int) -> Annotation:
    start_s, stop_s = row.seconds("start"), row.seconds("stop")
    check_span(start_s, stop_s)
    video_id = row.video("video")
    return Annotation(
        number=label,
        segment_id=f"{video_id}_{row.cells['start']}_{row.cells['stop']}_{CLASSES[label]}",
        split=split,
        video_id=video_id,
        start_s=start_s,
        stop_s=stop_s,
        labels={HEAD: label},
    )
