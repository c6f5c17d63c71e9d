"""What must hold of the ways in which a preset shows pictures: several views of a test, looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.settings.components import geometry_of
from foretaste.settings.config import SystemConfig
from foretaste.settings.model_config import CLIPS_OF, ModelConfig, views_of
from foretaste.settings.parts import behind

#: What views show that are cut out, mirrored and sampled.
PICTURES = ("pixels", "boxes")

#: Settings of a geometry by which a crop and its mirroring are drawn (``video/geometry.py``).
_DRAWN = ("size", "training_sides", "flip")


def check_test_views(model: ModelConfig, known: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError for several views of what is no picture, crops and mirroring of what is not cut out,
    and several clips of frames that are not chosen by a sampler which knows of clips.
    """
    for view in model.as_scored.each_view:
        _check_pictures(view, known, "several views", where)
        cut_out = "geometry" in known["views"][view["kind"]]["schema"].get("properties", {})
        if not cut_out and (model.test_views.crops > 1 or model.test_views.flipped):
            raise ConfigError(
                f"crops, or mirroring, of {view['kind']}, which always shows the whole",
                where,
                "clips alone",
                "leave crops and flipped out",
            )
        sampler = view.get("sampler") or {}
        if model.test_views.clips > 1 and sampler.get("kind") != CLIPS_OF:
            what = f"{model.test_views.clips} clips of a view without the sampler {CLIPS_OF}"
            raise ConfigError(what, where, f"sampler: {{kind: {CLIPS_OF}}}", "set it, or clips: 1")


def check_looks(system: SystemConfig, model: ModelConfig, known: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError for looks at what is no picture, and for a student that is shown looks which some
    model that it learns from, and does not ask live, keeps no scores of.
    """
    for setting in ("looks", "kept_looks"):
        for view in model.each_view if getattr(model, setting) else ():
            _check_pictures(view, known, setting, f"{where}.{setting}")
    for term in model.objective if model.looks else ():
        if term.teacher is None or term.teacher in model.live:
            continue
        speakers = dict(behind(system, term.teacher))
        if not any(_shows_pictures(one, known) for one in speakers.values()):
            continue  # what it says does not depend on a look
        for name, one in speakers.items():
            if one.kept_looks < model.looks:
                raise ConfigError(
                    f"{model.looks} looks, of which {name} keeps scores of {one.kept_looks}",
                    f"{where}.looks",
                    f"kept_looks: {model.looks} of {name}",
                    f"set it, or name {term.teacher} in live",
                )


def check_crops(system: SystemConfig, model: ModelConfig, known: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError for a model that is to speak of the very crops which a student is shown (live, or in
    looks), and draws others: what is drawn is a function of the geometry, too.
    """
    own = [_drawn(view, known) for view in views_of(model.sees)]
    for term in model.objective:
        if term.teacher is None or not (model.looks or term.teacher in model.live):
            continue
        for name, one in behind(system, term.teacher):
            for drawn in (_drawn(view, known) for view in views_of(one.sees)):
                if drawn is None or not any(own) or drawn in own:
                    continue
                said = ", ".join(f"{key}: {value}" for key, value in drawn.items())
                raise ConfigError(
                    f"looks of another geometry: {name} has {said}",
                    f"{where}: view",
                    f"the same {', '.join(_DRAWN)} in both, for they decide what is drawn",
                    "give both one geometry, or let it speak from cached scores without looks",
                )


def _drawn(view: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any] | None:
    """What decides the crop and the mirroring of a view; None of one that has none."""
    if "geometry" not in known["views"][view["kind"]]["schema"].get("properties", {}):
        return None
    geometry = geometry_of(view, known)
    return {name: geometry[name] for name in _DRAWN}


def _check_pictures(view: Mapping[str, Any], known: Mapping[str, Any], what: str, where: str) -> None:
    if known["views"][view["kind"]]["shows"] not in PICTURES:
        raise ConfigError(
            f"{what} of {view['kind']}, which shows no pictures",
            where,
            "views of pictures or boxes",
            f"leave {where.rpartition('.')[2]} out",
        )


def _shows_pictures(model: ModelConfig, known: Mapping[str, Any]) -> bool:
    return any(known["views"][view["kind"]]["shows"] in PICTURES for view in model.each_view)
