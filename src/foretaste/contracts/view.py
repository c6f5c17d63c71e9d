"""How a view and a network are made: from the sources of a step; and how a loader asks a view for samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow as pa
from torch import Tensor

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.tables import of_modality


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Everything that a step has for building its view and its network; ``None`` where the step has no such
    input.

    samples, segments, videos
        Tables (``contracts.tables``). ``samples`` holds the usable rows only; a view's row r is its row r.
    classes
        The label space.
    features
        Feature shards (HDF5) of the backbone that the preset names.
    feature_width
        D of those features.
    frame_stores
        modality -> shards (HDF5) of the frame store that the preset names.
    video_folders
        modality -> the folder that ``videos.path`` of its rows is relative to.
    boxes
        Boxes of the videos' frames.
    phrases
        The table of recipe phrases, or what is read like it (``text/phrase_store.py``).
    weights
        File of published weights that a network starts from.
    pretrained
        Folder of a Hugging Face model with its tokenizer: where a language model starts from.
    generator
        Another one: the generator of replaced-token detection.
    """

    samples: pa.Table | None = None
    segments: pa.Table | None = None
    videos: pa.Table | None = None
    classes: ClassSpace | None = None
    features: tuple[Path, ...] | None = None
    feature_width: int | None = None
    frame_stores: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    video_folders: Mapping[str, Path] | None = None
    boxes: pa.Table | None = None
    phrases: Any = None
    weights: Path | None = None
    pretrained: Path | None = None
    generator: Path | None = None

    def need(self, name: str, who: str) -> Any:
        """The named source; a ConfigError that names ``who`` needs it where the step has none."""
        value = getattr(self, name)
        if value is None:
            setting = {
                "pretrained": "lm",
                "generator": "generator",
                "features": "backbone",
                "feature_width": "backbone",
            }.get(name)
            raise ConfigError(
                f"{who} needs {name}",
                "preset",
                f"{setting}: in this model's settings" if setting else f"a step that reads {name}",
                "add it, or choose another view or network",
            )
        return value

    def videos_of(self, modality: str, who: str) -> tuple[pa.Table, Path]:
        """The rows of ``videos`` of one modality, and their folder; a ConfigError where there is no such
        folder.
        """
        videos, folders = self.need("videos", who), self.need("video_folders", who)
        if modality not in folders:
            raise ConfigError(
                f"{who} needs videos of the modality {modality}",
                "dataset",
                f"videos: {{{modality}: {{folder: ...}}}}",
                f"say where they lie; there are {', '.join(folders)}",
            )
        return of_modality(videos, modality), folders[modality]


class RowIds(Sequence[str]):
    """Names of the rows of a view (or of ``rows`` of them), each made when it is asked for: a corpus has
    millions.
    """

    def __init__(self, count: int, name: Callable[[int], str], rows: Sequence[int] | None = None):
        self._count, self._name, self._rows = count, name, rows

    def __len__(self) -> int:
        return self._count if self._rows is None else len(self._rows)

    def __getitem__(self, at: int) -> str:
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self._name(at if self._rows is None else int(self._rows[at]))

    def of(self, rows: Sequence[int]) -> RowIds:
        """The names of some rows of the view."""
        return RowIds(self._count, self._name, rows)


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What a view gives for a list of rows: inputs of the network, and labels that only the view can make."""

    inputs: Mapping[str, Tensor]
    labels: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """The random part of how samples are shown in training: what is drawn for a row (a mask, a crop, a flip)
    is a function of this and of the row alone. All views of one sample therefore draw alike under one look.
    Where there is no look (None) nothing is random: so rows are scored.
    """

    seed: int
    epoch: int


#: The seed of looks that several models share.
KEPT_SEED = 0


def kept_look(number: int) -> Look:
    """That one, from 0, of the looks which scores are kept of, and students are then shown."""
    return Look(seed=KEPT_SEED, epoch=number)


#: Where a picture is cut out that is shown in several ways: at one of its corners, or in its middle.
Crop = Literal["top_left", "centre", "bottom_right"]


@dataclass(frozen=True, kw_only=True)
class FixedView:
    """One of several ways in which a sample is scored, nothing of which is random; views that have no such
    thing show what they show without it. As it stands here it shows what None does.

    clip, clips
        Which clip, of so many that start evenly over the window (``sampler: {kind: strided}``).
    crop, flip
        Which part of the pictures; whether they are mirrored.
    """

    clip: int = 0
    clips: int = 1
    crop: Crop = "centre"
    flip: bool = False


#: What a view is made from (``SHOWS``) that people or detectors have said of the videos: splits without
#: labels lack it.
ANNOTATIONS = ("narration", "boxes")

#: How a sample is shown; None: as it is scored where nothing else is said.
AnyLook = Look | FixedView | None


class View(Protocol):
    """What one kind of model sees of a sample; ``build(config, sources)`` of a member of ``views/`` makes
    one.

    A view is also asked by threads and, where there are workers, in processes of their own: it pickles, and
    opens what it reads by path there. A member that shows the video of a sample's window also has
    ``unseen(config, sources)``: why it cannot show a sample, asked of every sample before any model is
    trained (``make_samples``); one that shows ``ANNOTATIONS``, of every sample of splits with labels.
    """

    #: How many processes prepare its batches best, where a model's settings do not say (``workers``): 0 where
    #: what takes long leaves Python's lock to others, or is little work.
    workers: int

    def __len__(self) -> int:
        """How many rows there are (samples; sequences for MLM)."""

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """A batch of B rows, as they are shown under ``look``."""

    def digest(self, row: int) -> bytes:
        """16 bytes of the sha256 of exactly what a model is shown of the row when it is scored."""

    def newest_s(self, row: int) -> float:
        """Time stamp, in seconds, of the latest thing that the row shows; -inf where it shows nothing of the
        video.
        """

    def weights(self) -> Sequence[float] | None:
        """Expected length of each row (tokens), for batching like with like; None where all rows are
        alike.
        """
