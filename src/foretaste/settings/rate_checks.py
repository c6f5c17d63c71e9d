"""What must hold between how often a view shows something and the grid of times that it is taken from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.grid import divides
from foretaste.settings.components import with_defaults
from foretaste.settings.model_config import views_of


def check_rate(view: Mapping[str, Any], grid_fps: float | None, known: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError for frames or features whose times lie on no grid time.

    grid_fps
        Of the backbone whose features the view reads; None without one.
    """
    for one in views_of(view):
        settings = with_defaults(one, "views", known)
        if known["views"][one["kind"]]["shows"] == "features":
            setting, owner, fps = "grid.fps", "backbone", grid_fps
        elif "ticks" in settings and settings["sampler"] is None:
            setting, owner, fps = "ticks", "view", settings["ticks"]
        else:
            continue
        rate = settings["rate"]
        if fps is not None and not divides(rate, fps):
            raise ConfigError(
                f"rate: {rate:g} of the view {one['kind']}, and {setting}: {fps:g} of the {owner}",
                f"{where}: view",
                "a rate that divides it: a whole number of grid steps between frames",
                f"choose one of {fps:g}, {fps / 2:g}, {fps / 3:g} ..., or another grid",
            )
