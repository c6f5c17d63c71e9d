"""JHMDB (Jhuang et al. 2013): 928 clips of one action each, 21 classes, three splits into training and test.

Its lists, ``<class>_test_split<k>.txt``, hold a line a clip: the file's name and 1 (training) or 2 (test).
Names hold whatever their uploaders wrote: blanks, brackets, ``!``, ``#``, ``&``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foretaste.annotations.class_files import ClassFiles
from foretaste.annotations.rows import Found, Row, RowError, read_lines
from foretaste.annotations.segments import Annotation, Annotations, table
from foretaste.contracts.classes import ClassSpace
from foretaste.settings.options import Options

HEAD = "action"
CLASSES = (
    "brush_hair", "catch", "clap", "climb_stairs", "golf", "jump", "kick_ball", "pick", "pour", "pullup",
    "push", "run", "shoot_ball", "shoot_bow", "shoot_gun", "sit", "stand", "swing_baseball", "throw", "walk",
    "wave",
)  # fmt: skip
SPLITS = {"1": "training", "2": "test"}

#: Its heads, the main one first.
HEADS = (HEAD,)


class Config(Options):
    folder: str = "jhmdb/splits"
    """Folder of the lists, relative to data_root."""
    split: Literal[1, 2, 3] = 1
    """Which of the three splits; papers report their average."""

    @property
    def lists(self) -> ClassFiles:
        """The file of each class."""
        return ClassFiles(self.folder, f"_test_split{self.split}.txt", CLASSES)


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    return config.lists.paths(root)


def build(config: Config, *, root: Path, dataset: str) -> Jhmdb:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return Jhmdb(config, root, dataset)


@dataclass(frozen=True)
class Jhmdb:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable clips, each a segment without a stop; DataError for a list that is not there."""
        found, read = Found(self.root), {}
        for label, path in self.config.lists.of_classes(self.root, found):
            for row in read_lines(path, found, ("video", "number")):
                try:
                    clip = _clip(row, label)
                    if clip.video_id in read:
                        raise RowError(f"{clip.video_id} occurs twice, expected each clip once")
                    read[clip.video_id] = clip
                except RowError as reason:
                    found.add(row, reason, row.cells["video"])
        classes = ClassSpace(heads={HEAD: CLASSES})
        segments = table(read.values(), classes, self.dataset)
        return Annotations(segments=segments, classes=classes, issues=found.issues)


def _clip(row: Row, label: int) -> Annotation:
    name, number = row.video("video"), row.text("number")
    if not name.endswith(".avi") or name == ".avi":
        raise RowError(f"video is {name!r}, expected the name of an .avi file")
    if number not in SPLITS:
        raise RowError(f"number is {number!r}, expected 1 (training) or 2 (test)")
    video_id = name.removesuffix(".avi")
    return Annotation(
        number=0,
        segment_id=video_id,
        split=SPLITS[number],
        video_id=video_id,
        start_s=0.0,
        stop_s=None,
        labels={HEAD: label},
    )
