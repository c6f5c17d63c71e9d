"""What must hold between the sizes that a network is made for and those that its view shows: how many frames,
and how large their pictures are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from foretaste.contracts.errors import ConfigError
from foretaste.settings.components import geometry_of, with_defaults
from foretaste.settings.model_config import views_of

#: The network of boxes, and its variant that has a position for every frame, and none to spare.
_BOXES, _ONE_A_FRAME = "stlt", "iccv2023"

#: The network of a sequence, whose positions are for the frames and for the steps that follow them.
_SEQUENCE = "avt"

#: The attention of a network of clips that has no place for the time of a frame.
_TIMELESS = "space_only"


class Sides(NamedTuple):
    """How large a view's pictures are, and what its settings for that are called."""

    setting: str
    height: int
    width: int


def sides_of(view: Mapping[str, Any], known: Mapping[str, Any]) -> Sides | None:
    """None of a view that shows no pictures."""
    settings = with_defaults(view, "views", known)
    if "geometry" in settings:
        size = geometry_of(view, known)["size"]
        return Sides("geometry.size", size, size)
    if "picture" in settings:
        fields = known["views"][view["kind"]]["schema"]["$defs"]["Picture"]["properties"]
        picture = {name: field["default"] for name, field in fields.items()} | dict(settings["picture"])
        return Sides("picture", picture["height"], picture["width"])
    if "size" in settings:
        return Sides("size", settings["size"], settings["size"])
    return None


def check_sizes(
    view: Mapping[str, Any], network: Mapping[str, Any], known: Mapping[str, Any], where: str
) -> None:
    """Raise ConfigError for a view of another number of frames than the network has positions for, or of
    pictures of another size than it, or a network within it, has patches for.
    """
    for one in views_of(view):
        frames, sides = with_defaults(one, "views", known).get("frames"), sides_of(one, known)
        for reader in _with_inner(network, known):
            if frames is not None:
                _check_frames(one, frames, reader, where)
            if sides is not None:
                _check_sides(one, sides, reader, where)


def _with_inner(network: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every setting of a network and of those that are parts of it, by name, and its ``kind``."""
    yield {**with_defaults(network, "models", known), "kind": network["kind"]}
    for name, part in known["models"][network["kind"]]["parts"].items():
        if not part["several"] and isinstance(network.get(name), Mapping):
            yield from _with_inner(network[name], known)


def _check_frames(view: Mapping[str, Any], frames: int, network: Mapping[str, Any], where: str) -> None:
    kind = network["kind"]
    if kind == _BOXES:
        most = network["positions"]
        whole = network["variant"] == _ONE_A_FRAME
        if frames != most if whole else frames >= most:
            expected = f"{most} frames, one a position" if whole else f"at most {most - 1} frames"
            raise _unlike(view, ("frames", frames), network, ("positions", most), expected, where)
    elif kind == _SEQUENCE:
        needed = frames + network["steps"] - 1
        if needed > network["positions"]:
            said = ("positions", network["positions"])
            raise _unlike(view, ("frames", frames), network, said, f"at least {needed} positions", where)
    elif network.get("attention") != _TIMELESS and not network.get("stretch"):
        most = network.get("frames", frames)
        if frames != most:
            said = ("frames", most)
            raise _unlike(view, ("frames", frames), network, said, "one number of frames in both", where)


def _check_sides(view: Mapping[str, Any], sides: Sides, network: Mapping[str, Any], where: str) -> None:
    if "image" not in network:
        return
    shown = (sides.setting, f"{sides.height} x {sides.width}")
    if network.get("stretch"):
        if sides.height % network["patch"] or sides.width % network["patch"]:
            said = ("patch", network["patch"])
            raise _unlike(view, shown, network, said, "sides that the patch divides", where)
    elif (sides.height, sides.width) != (network["image"],) * 2:
        raise _unlike(view, shown, network, ("image", network["image"]), "one size in both", where)


def _unlike(
    view: Mapping[str, Any],
    shown: tuple[str, Any],
    network: Mapping[str, Any],
    read: tuple[str, Any],
    expected: str,
    where: str,
) -> ConfigError:
    """The error for a setting of a view and one of a network (name, value) that do not fit together."""
    stretched = ", or set stretch: true of the network" if network.get("stretch") is False else ""
    return ConfigError(
        f"{shown[0]}: {shown[1]} of the view {view['kind']}, and {read[0]}: {read[1]} of the network"
        f" {network['kind']}",
        f"{where}: view and network",
        expected,
        f"correct {shown[0]} of the view or {read[0]} of the network{stretched}",
    )
