"""Do the weights that networks start from fit them: names and shapes of parameters, order of the colours,
mean and deviation of the pixels; are folders of language models whole?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError, ForetasteError
from foretaste.contracts.foreign_files import check_is_itself
from foretaste.contracts.view import Sources
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings, NothingToCheckError
from foretaste.settings import families
from foretaste.settings.backbone_config import BackboneConfig
from foretaste.settings.config import LmConfig
from foretaste.settings.first_weights import first_weights
from foretaste.settings.language_models import source

#: Mean and deviation of ImageNet's red, green and blue, as nearly every published network has them.
IMAGENET_RED_FIRST = (0.485, 0.456, 0.406)


def look(dataset: Examined, found: Findings) -> str:
    """Networks and language models of every system of the run."""
    networks: dict[str, Mapping[str, Any]] = {}
    starts: dict[str, None] = {}
    for system in dataset.catalogue.systems_of(dataset.name):
        models = dataset.models(system)
        networks |= {f"{system}: {name}": network for name, network in _networks(models)}
        backbones, lms = dataset.defined("backbones", system), dataset.defined("lms", system)
        networks |= {f"{system}: {name}": network for name, network in _networks(backbones)}
        starts |= dict.fromkeys(_starts(lms.values(), backbones.values()))
    if not networks and not starts:
        raise NothingToCheckError("no network of the run says how it reads pixels, or starts from weights")
    opened = sum(_network(dataset, name, network, found) for name, network in networks.items())
    files = sum(_folder(dataset, name, found) for name in starts)
    others = f"{len(starts)} models of others, {files} files"
    return f"{len(networks)} networks, {opened} given their weights; {others}"


def _networks(described: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those of models or backbones that read pixels, or start from a file of weights."""
    for name, one in described.items():
        if one.network is not None and (first_weights(one.network) or any(_pixels(one.network))):
            yield name, one.network


def _starts(lms: Iterable[LmConfig], backbones: Iterable[BackboneConfig]) -> Iterator[str]:
    """What language models and backbones are called that others published."""
    for lm in lms:
        yield from (name for name in (lm.init, lm.generator) if name is not None)
    yield from (backbone.init for backbone in backbones if backbone.init is not None)


def _network(dataset: Examined, name: str, network: Mapping[str, Any], found: Findings) -> int:
    """1 if it was given its weights."""
    for pixels in _pixels(network):
        _look_at_pixels(pixels, f"{name}: network: pixels", found)
    file = first_weights(network)
    if file is None:
        return 0
    path = dataset.data_root / file
    try:
        check_is_itself(path)
        sources = Sources(classes=dataset.annotations.classes, weights=path)
        families.build("models", network, f"{name}: network", sources=sources)
    except ForetasteError as error:
        found.error(error)
        return 0
    return 1


def _pixels(network: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The settings ``pixels`` of a network and of its parts."""
    for key, value in network.items():
        if key == "pixels" and isinstance(value, Mapping):
            yield value
        elif isinstance(value, Mapping):
            yield from _pixels(value)


def _look_at_pixels(pixels: Mapping[str, Any], where: str, found: Findings) -> None:
    """The slips of published configurations, each of which costs points and stops nothing."""
    mean, std = (tuple(pixels.get(name, ())) for name in ("mean", "std"))
    order = pixels.get("order", "rgb")
    if mean and mean == std and set(mean) != {0.5}:
        found.fail(
            f"deviation equal to the mean, {list(mean)}",
            where,
            "the deviation of the pixels, as 0.229, 0.224, 0.225",
            "take both from the source of the weights",
        )
    if any(value > 1 for value in (*mean, *std)):
        found.fail(
            f"mean {list(mean)} and deviation {list(std)} of pixels from 0 to 255",
            where,
            "of pixels from 0 to 1",
            "divide them by 255",
        )
    blue_first = tuple(reversed(IMAGENET_RED_FIRST))
    for expected, wrong in (("bgr", IMAGENET_RED_FIRST), ("rgb", blue_first)):
        if order == expected and mean == wrong:
            found.fail(
                f"order {order} with the mean {list(mean)}",
                where,
                "mean and deviation in the order of the channels",
                f"set order: {'rgb' if order == 'bgr' else 'bgr'}, or turn mean and deviation round",
            )


def _folder(dataset: Examined, name: str, found: Findings) -> int:
    """How many files of a model are there; those of the hub are looked at when they are fetched."""
    try:
        files: tuple[Path, ...] = source(name, dataset.data_root).files
        for path in files:
            check_is_itself(path)
    except DataError as error:
        found.error(error)
        return 0
    return len(files)
