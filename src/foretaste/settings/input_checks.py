"""What must hold between what a network reads and what its view shows, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.modalities import FLOW
from foretaste.settings.components import with_defaults
from foretaste.settings.model_config import NAMED
from foretaste.settings.size_checks import check_sizes, sides_of

#: Channels of pictures of flow, and of all others.
_FLOW, _OTHERS = 2, 3


def check_inputs(
    sees: Mapping[str, Any], network: Mapping[str, Any], known: Mapping[str, Any], where: str
) -> None:
    """Raise ConfigError for pictures of another number of channels than the network has a mean for, clips and
    pictures of other sizes than it is made for, and views of unlike pictures in one place.
    """
    for view, reader in _read(sees, network):
        if "views" in view:
            _check_alike(view["views"], known, where)
        _check_channels(view, reader, known, where)
        check_sizes(view, reader, known, where)


def _read(
    sees: Mapping[str, Any], network: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """What is seen with the network that reads it; of several views by name each with its own."""
    if sees["kind"] != NAMED:
        yield sees, network
        return
    networks = network.get("networks", {})
    yield from ((view, networks[name]) for name, view in sees["views"].items() if name in networks)


def _check_alike(views: Mapping[str, Mapping[str, Any]], known: Mapping[str, Any], where: str) -> None:
    """Views of which one is shown in the place of another have as many frames, of one size."""
    shapes = {name: _shape(view, known) for name, view in views.items()}
    if len(set(shapes.values())) > 1:
        said = ", ".join(f"{name} has {frames} of {size}" for name, (frames, size) in shapes.items())
        raise ConfigError(
            f"frames of different number or size: {said}",
            f"{where}: view",
            "views with the same frames and geometry",
            "give them the same settings",
        )


def _shape(view: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Any, Any]:
    """How many pictures of which size a view shows."""
    sides = sides_of(view, known)
    return with_defaults(view, "views", known).get("frames"), None if sides is None else sides.height


def _check_channels(
    view: Mapping[str, Any], network: Mapping[str, Any], known: Mapping[str, Any], where: str
) -> None:
    shown, read = _shown_channels(view, known), _read_channels(network, known)
    if None in (shown, read) or shown == read:
        return
    raise ConfigError(
        f"pictures of {shown} channels ({view['kind']})",
        f"{where}: network",
        f"the {read} channels that the network has a mean for",
        "set pixels of the network (flow: mean: [0.5, 0.5], std: [0.5, 0.5]), or another modality",
    )


def _shown_channels(view: Mapping[str, Any], known: Mapping[str, Any]) -> int | None:
    """None of what is no picture."""
    if "views" in view:  # one of several: flow has a third channel there
        return _OTHERS
    shows, settings = known["views"][view["kind"]]["shows"], with_defaults(view, "views", known)
    if shows == "pixels":
        return _FLOW if settings.get("modality") == FLOW else _OTHERS
    return _OTHERS if settings.get("drawn") else None


def _read_channels(network: Mapping[str, Any], known: Mapping[str, Any]) -> int | None:
    """None of a network that reads no pictures, or whose folder says how it reads them."""
    settings = with_defaults(network, "models", known)
    if "pixels" not in settings:
        parts = known["models"][network["kind"]]["parts"]
        inner = [network[name] for name, part in parts.items() if name in network and not part["several"]]
        found = [_read_channels(one, known) for one in inner if isinstance(one, Mapping)]
        return next((count for count in found if count is not None), None)
    if settings["pixels"] is None:
        return None
    return len(settings["pixels"].get("mean", ("r", "g", "b")))
