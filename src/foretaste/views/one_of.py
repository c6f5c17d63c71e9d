"""In training one of several views of a sample, drawn anew in every epoch; when it is scored always the same
one: what a network sees that learns from any modality and is asked about one (the omnivore of Radevski et al.
2023).

    inputs    frames (B, T, 3, S, S) uint8: of whichever view it is

Which view a row is shown is a function of (look, row). Optical flow has a third channel of zeros, as the
published code gives it. Views that share a geometry show the same part of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import AnyLook, Fetched, Look, Sources, View
from foretaste.settings.families import Parts
from foretaste.settings.options import Options

#: What it is made from: other views.
SHOWS = "views"

#: The stream of random numbers that views are drawn by.
DRAWN = 32

#: Channels of every picture.
CHANNELS = 3


class Config(Options):
    views: Parts("views") = Field(min_length=1)
    """Views of pictures, by name."""
    scored: str
    """Which of them is shown when samples are scored."""

    @model_validator(mode="after")
    def _scored_is_there(self) -> Config:
        if self.scored not in self.views:
            raise ValueError(f"scored: one of {', '.join(self.views)}")
        return self


class OneOf:
    """Row r is row r of every one of ``views``."""

    def __init__(self, views: Mapping[str, View], scored: str):
        self.views, self.scored = dict(views), scored

    @property
    def workers(self) -> int:
        """As many as suit the view that wants the most."""
        return max(view.workers for view in self.views.values())

    def __len__(self) -> int:
        return len(self.views[self.scored])

    def shown(self, row: int, look: AnyLook) -> str:
        """The name of the view that a row is shown under ``look``."""
        if not isinstance(look, Look):
            return self.scored
        names = sorted(self.views)
        return names[int(np.random.default_rng((look.seed, look.epoch, DRAWN, row)).integers(len(names)))]

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """Each row as its view shows it. Raises ConfigError for views of pictures of different sizes."""
        chosen = [self.shown(row, look) for row in rows]
        made: dict[int, Tensor] = {}
        for name in sorted(set(chosen)):
            positions = [position for position, one in enumerate(chosen) if one == name]
            found = self.views[name].fetch([rows[position] for position in positions], look).inputs["frames"]
            made |= zip(positions, _three_channels(found))
        if len({tuple(one.shape) for one in made.values()}) > 1:
            said = ", ".join(f"{name} has {tuple(made[chosen.index(name)].shape)}" for name in set(chosen))
            raise ConfigError(
                f"pictures of different sizes: {said}",
                "view: one_of",
                "views with the same frames and geometry",
                "give them the same settings",
            )
        return Fetched(inputs={"frames": torch.stack([made[position] for position in range(len(rows))])})

    def digest(self, row: int) -> bytes:
        """That of the view that is scored."""
        return self.views[self.scored].digest(row)

    def newest_s(self, row: int) -> float:
        """Time stamp of the latest thing that any view shows."""
        return max(view.newest_s(row) for view in self.views.values())

    def weights(self) -> None:
        """All clips are alike."""


def _three_channels(frames: Tensor) -> Tensor:
    """(B, T, channels, S, S) with zeros for channels that are not there."""
    return F.pad(frames, (0, 0, 0, 0, 0, CHANNELS - frames.shape[2]))


def build(config: Config, sources: Sources, views: Mapping[str, View]) -> OneOf:
    """The views together, each built from the same ``sources``."""
    return OneOf(views, config.scored)
