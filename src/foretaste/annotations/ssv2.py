"""Something-Something v2 (Goyal et al. 2017): 220,847 clips of people who do something with something, 174
classes; a file a split, the test split without labels. ``something`` says what is in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foretaste.annotations.segments import Annotations
from foretaste.annotations.something import HEAD, ClipList, Numbering, read_clips
from foretaste.settings.options import Options

SPLITS = {"training": "train", "validation": "validation", "test": "test"}

#: Its heads, the main one first.
HEADS = (HEAD,)


class Config(Options):
    folder: str = "ssv2"
    """Folder of labels.json, train.json, validation.json and test.json, relative to data_root."""
    prefix: Literal["", "something-something-v2-"] = "something-something-v2-"
    """What these names begin with; of the later downloads nothing."""
    class_ids: Numbering = "file"
    """Classes are numbered as labels.json says, or by the alphabet (in this dataset the same)."""
    test: bool = True
    """Also read the unlabelled test split, so that it can be scored."""


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    return [_path(config, root, "labels"), *(clips.path for clips in _lists(config, root))]


def build(config: Config, *, root: Path, dataset: str) -> Ssv2:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return Ssv2(config, root, dataset)


@dataclass(frozen=True)
class Ssv2:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable clips; DataError for files that cannot be used at all."""
        return read_clips(
            _lists(self.config, self.root),
            _path(self.config, self.root, "labels"),
            self.config.class_ids,
            root=self.root,
            dataset=self.dataset,
        )


def _lists(config: Config, root: Path) -> list[ClipList]:
    return [
        ClipList(split, _path(config, root, name), labelled=split != "test")
        for split, name in SPLITS.items()
        if config.test or split != "test"
    ]


def _path(config: Config, root: Path, name: str) -> Path:
    return root / config.folder / f"{config.prefix}{name}.json"
