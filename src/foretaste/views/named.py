"""Several views of one sample, by name: what a model that sees more than one modality is given.

    inputs    those of every view, called ``<view>.<input>``
    labels    those that the views make

All of them draw from one look, so views that share a geometry show the same part of the picture. A preset
writes ``views: {rgb: {...}, boxes: {...}}`` in place of ``view``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import AnyLook, Fetched, Sources, View
from foretaste.settings.families import Parts
from foretaste.settings.options import Options

#: What it is made from: other views.
SHOWS = "views"


class Config(Options):
    views: Parts("views") = Field(min_length=1)
    """The views by name."""


class Named:
    """Row r is row r of every one of ``views``."""

    def __init__(self, views: Mapping[str, View]):
        self.views = dict(views)
        lengths = {name: len(view) for name, view in self.views.items()}
        if len(set(lengths.values())) != 1:
            said = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            raise ConfigError(
                f"views of different rows: {said}", "views", "views of one table of samples", "use such views"
            )

    @property
    def workers(self) -> int:
        """As many as suit the view that wants the most."""
        return max(view.workers for view in self.views.values())

    def __len__(self) -> int:
        return len(next(iter(self.views.values())))

    def fetch(self, rows: Sequence[int], look: AnyLook = None) -> Fetched:
        """The rows as every view shows them under the one look; a ConfigError where two make one label."""
        inputs, labels = {}, {}
        for name, view in self.views.items():
            found = view.fetch(rows, look)
            inputs |= {f"{name}.{key}": tensor for key, tensor in found.inputs.items()}
            if twice := sorted(labels.keys() & found.labels.keys()):
                raise ConfigError(
                    f"{twice[0]} of two views",
                    f"views: {name}",
                    "one view that makes it",
                    "unset past in one",
                )
            labels |= found.labels
        return Fetched(inputs=inputs, labels=labels)

    def digest(self, row: int) -> bytes:
        """Of the digests of all views, by name."""
        parts = [name.encode() + b"\0" + view.digest(row) for name, view in sorted(self.views.items())]
        return hashlib.sha256(b"".join(parts)).digest()[:16]

    def newest_s(self, row: int) -> float:
        """Time stamp of the latest thing that any view shows."""
        return max(view.newest_s(row) for view in self.views.values())

    def weights(self) -> Sequence[float] | None:
        """The sum of those of the views whose rows differ in length."""
        known = [view.weights() for view in self.views.values()]
        known = [np.asarray(weights) for weights in known if weights is not None]
        return sum(known) if known else None


def build(config: Config, sources: Sources, views: Mapping[str, View]) -> Named:
    """The views together, each built from the same ``sources``."""
    return Named(views)
