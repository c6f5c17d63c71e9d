"""The settings of a run of the presets and datasets that come with the code."""

from __future__ import annotations

from pathlib import Path

from foretaste.settings.catalogue import Catalogue

ROOT = Path(__file__).parents[2]


def catalogue(**settings) -> Catalogue:
    return Catalogue({"dataset": "kitchen", **settings}, ROOT)
