"""Something-Else (Materzynska et al. 2020): other splits of the clips of Something-Something v2, in which
actions are done to objects that training does not show, or with few examples. ``something`` says what is in
the files.

``compositional`` and its like have two files and all classes that occur in them. The few-shot splits have
classes of their own: 88 to learn from (``fewshot_base``), 86 others of which 5 or 10 clips each are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foretaste.annotations.segments import Annotations
from foretaste.annotations.something import HEAD, ClipList, Numbering, read_clips
from foretaste.settings.options import Options

#: Files of a split: class texts, training, validation.
FILES = {
    "compositional": ("compositional/labels", "compositional/train", "compositional/validation"),
    "compositional_shuffled": (
        "compositional_shuffled/labels",
        "compositional_shuffled/train",
        "compositional_shuffled/validation",
    ),
    "one_object": (
        "compositional_oneobject/labels",
        "compositional_oneobject/train",
        "compositional_oneobject/validation",
    ),
    "fewshot_base": ("fewshot/base_labels", "fewshot/base_training_set", "fewshot/base_validation_set"),
    "fewshot_5": (
        "fewshot/finetune_labels",
        "fewshot/finetune_5shot_training",
        "fewshot/finetune_5shot_validation",
    ),
    "fewshot_10": (
        "fewshot/finetune_labels",
        "fewshot/finetune_10shot_training",
        "fewshot/finetune_10shot_validation",
    ),
}

#: Its heads, the main one first.
HEADS = (HEAD,)


class Config(Options):
    folder: str = "something_else"
    """Folder of the published dataset_splits/, relative to data_root."""
    split: Literal[tuple(FILES)] = "compositional"
    """Which of the splits."""
    class_ids: Numbering = "file"
    """Classes are numbered as labels.json says (Radevski et al.), or by the alphabet (Something-Else's own
    loader).
    """


def files(config: Config, root: Path) -> list[Path]:
    """Every file that is read."""
    return [root / config.folder / f"{name}.json" for name in FILES[config.split]]


def build(config: Config, *, root: Path, dataset: str) -> SomethingElse:
    """A reader of the files below ``root`` (data_root); ``dataset`` becomes the column of that name."""
    return SomethingElse(config, root, dataset)


@dataclass(frozen=True)
class SomethingElse:
    """The reader."""

    config: Config
    root: Path
    dataset: str

    def read(self) -> Annotations:
        """All usable clips; DataError for files that cannot be used at all."""
        labels, training, validation = files(self.config, self.root)
        return read_clips(
            [ClipList("training", training), ClipList("validation", validation)],
            labels,
            self.config.class_ids,
            root=self.root,
            dataset=self.dataset,
        )
