"""Print the settings of a system on a dataset as a run would use them, each with the file it comes from."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from foretaste.pipeline.configured import add_config, configured
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.sweeps import points

Layers = list[tuple[str, Mapping[str, Any]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", help="a file of workflow/systems")
    parser.add_argument("dataset", help="a file of workflow/datasets")
    add_config(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print them as YAML with comments."""
    settings = [*arguments.config, f"dataset={arguments.dataset}", f"systems=[{arguments.system}]"]
    print("\n".join(told(configured(settings).catalogue, arguments.system, arguments.dataset)))


def told(catalogue: Catalogue, system: str, dataset: str) -> Iterator[str]:
    """A line a setting: of the system, then of the dataset."""
    for kind, name, resolved in (
        ("systems", system, catalogue.system(dataset, system)),
        ("datasets", dataset, catalogue.dataset(dataset)),
    ):
        yield f"# {kind.removesuffix('s')} {name}"
        layers = list(_layers(catalogue, kind, name, dataset))
        yield from _lines(resolved.model_dump(mode="json"), layers, ())


def _layers(
    catalogue: Catalogue, kind: str, name: str, dataset: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, what it says) of everything that is laid one over the other, the last first."""
    run = catalogue.run
    if kind == "systems":
        given = {"rule": run.history_rule, "source": run.history_from}
        yield "config.yaml", {"history": {key: value for key, value in given.items() if value}}
        yield "config.yaml: set", catalogue.files.overridden(name, dataset)
        preset = catalogue.system(dataset, name)
        made = {point.name for point in points(preset.sweep, preset.models) if point.name != point.model}
        models = catalogue.files.merged("systems", name, dataset)["models"]
        yield "sweep", {"models": {name: models[name] for name in made}}
    for link, part, layer in catalogue.files.layers(kind, name, dataset if kind == "systems" else None):
        yield f"workflow/{kind}/{link}.yaml{part}", layer


def _lines(value: Mapping[str, Any], layers: Layers, path: tuple[str, ...]) -> Iterator[str]:
    for key, inner in value.items():
        here, indent = (*path, key), "  " * len(path)
        if isinstance(inner, Mapping) and inner:
            yield f"{indent}{key}:"
            yield from _lines(inner, layers, here)
        else:
            where = next((where for where, layer in layers if _says(layer, here)), "default")
            yield f"{indent}{key}: {json.dumps(inner, ensure_ascii=False)}  # {where}"


def _says(layer: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(layer, Mapping) or key not in layer:
            return False
        layer = layer[key]
    return True
