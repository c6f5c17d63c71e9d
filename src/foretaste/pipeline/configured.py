"""The steps of a run as a command outside the workflow sees them: config.yaml of the working folder, with
settings laid over it as ``snakemake --config`` lays them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.choosing import chosen
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Graph, Node
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.store import Store
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.yaml_files import read_yaml, yaml_value


@dataclass(frozen=True)
class Configured:
    """What a run would be."""

    catalogue: Catalogue
    store: Store
    graph: Graph

    def node(self, path: str) -> Node:
        """The step that makes what ``path`` names; ConfigError for what no step makes."""
        found = self.graph.at(str(Path(path)))
        if found is None:
            raise ConfigError(
                "no result of the workflow",
                path,
                f"a path inside {self.catalogue.results}/, as docs/formats.md lists them",
                "correct the path",
            )
        return found[0]


Shared = Callable[[Sequence[str], str], tuple[str, Mapping[str, Any]]]


def nothing_shared(places: Sequence[str], name: str) -> tuple[str, Mapping[str, Any]]:
    """Of a command that never asks what a name stands for."""
    raise ConfigError(f"reuse: {name}", ", ".join(places), "a command that knows places", "leave it out")


def add_config(parser: argparse.ArgumentParser) -> None:
    """The option ``--config``."""
    parser.add_argument(
        "--config",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="settings of the run, as snakemake --config takes them",
    )


def configured(
    settings: Sequence[str],
    root: Path = Path(),
    shared: Shared = nothing_shared,
    targets: Sequence[str] = (),
) -> Configured:
    """The run of config.yaml in ``root`` with ``settings`` (KEY=VALUE, values as YAML) laid over it;
    ``shared``: key and record of what has a name at one of some places; ``targets``: what it is asked for.
    """
    if not (root / "config.yaml").is_file():
        where = "a clone, or a folder that foretaste init made"
        raise ConfigError("no config.yaml", Path(root).resolve(), where, "cd into one")
    merged: dict[str, Any] = dict(read_yaml(root / "config.yaml"))
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"{setting!r}", "--config", "KEY=VALUE", "give a value")
        try:
            merged[key] = yaml_value(value)
        except ValueError as error:
            raise ConfigError(f"not YAML ({error})", f"--config {setting}", "KEY=VALUE", "mend it") from error
    catalogue = Catalogue(merged, root, targets)
    store = Store(catalogue.results, catalogue.run.stores)
    contents = Contents(store.results / ".sha256", may_write=False)
    choice = chosen(catalogue, store, lambda name: shared(catalogue.run.stores, name))
    return Configured(catalogue, store, Graph(Plan(catalogue), contents, choice))
