"""Presets and datasets as files, put together.

One may name its parent with ``base:`` and then holds only what differs; ``on: {<dataset>: ...}`` in a preset
holds what differs by dataset. Mappings are merged key by key, everything else is replaced, ``null`` removes a
key.

They lie in ``workflow/``: of a checkout all of them; of a project folder (``foretaste init``) its own, and
the others in the installed package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.config import DatasetConfig, SystemConfig, validated
from foretaste.settings.families import PACKAGE
from foretaste.settings.names import check_name
from foretaste.settings.overrides import added, laid_over
from foretaste.settings.sweeps import check_sweeps, swept
from foretaste.settings.yaml_files import read_yaml


class Files:
    """The YAML files of one checkout or project folder: datasets and systems by name; ``overrides``: what a
    run lays over its systems.
    """

    def __init__(self, root: Path, overrides: Mapping[str, Any] | None = None):
        self.own, self.root, self.overrides = Path(root), whole_workflow(root), overrides or {}

    def names(self, kind: str) -> list[str]:
        """The datasets or systems that there are (``kind``: "datasets" or "systems")."""
        return sorted(self._paths(kind))

    @cache  # noqa: B019 (one Files lives as long as the process)
    def _paths(self, kind: str) -> dict[str, Path]:
        """Name -> file. A project's own may not have the name of one of the package."""
        found = {path.stem: path for path in (self.root / "workflow" / kind).glob("*.yaml")}
        if self.own != self.root:
            for path in (self.own / "workflow" / kind).glob("*.yaml"):
                if path.stem in found:
                    raise ConfigError(
                        f"two {kind} of one name {path.stem!r}",
                        path,
                        f"another name than {found[path.stem]}",
                        "rename it; with base: it may start from that one",
                    )
                found[path.stem] = path
        return found

    def chain(self, kind: str, name: str) -> list[str]:
        """``name`` and its parents, nearest first."""
        chain = [name]
        while parent := self._layer(kind, chain[-1]).get("base"):
            if parent in chain:
                raise ConfigError(
                    f"{kind} {name!r} is its own base",
                    self._path(kind, name),
                    "a chain that ends",
                    "mend base:",
                )
            chain.append(parent)
        return chain

    @cache  # noqa: B019 (one Files lives as long as the process; a dry run asks for the same preset a thousand times)
    def merged(self, kind: str, name: str, dataset: str | None = None) -> dict[str, Any]:
        """The preset or dataset with its parents merged in, and, given ``dataset``, its ``on:`` part for that
        dataset; a preset with the models of its sweeps.
        """
        value = self._laid(kind, name, dataset)
        return swept(value) if "sweep" in value else value

    def _laid(self, kind: str, name: str, dataset: str | None) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for _, _, layer in reversed(list(self.layers(kind, name, dataset))):
            value = merge(value, layer)
        return laid_over(value, self.overrides) if kind == "systems" else value

    def layers(
        self, kind: str, name: str, dataset: str | None = None
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(file, which part of it, what it says) of everything that makes up a preset or a dataset, what has
        the last word first.
        """
        for link in self.chain(kind, name):
            layer = dict(self._layer(kind, link))
            layer.pop("base", None)
            on = layer.pop("on", {})
            for relative in self.chain("datasets", dataset) if dataset else ():
                if relative in on:
                    yield link, f": on.{relative}", on[relative]
            yield link, "", layer

    def overridden(self, name: str, dataset: str) -> dict[str, Any]:
        """What the overrides say of a system, alone."""
        value: dict[str, Any] = {}
        for _, _, layer in reversed(list(self.layers("systems", name, dataset))):
            value = merge(value, layer)
        return added(value, self.overrides)

    @cache  # noqa: B019 (a dry run asks for a preset hundreds of times; reading one takes 40 ms)
    def _layer(self, kind: str, name: str) -> dict[str, Any]:
        path = self._path(kind, name)
        layer = read_yaml(path)
        if not isinstance(layer.get("base", ""), str):
            raise ConfigError(
                f"base is {layer['base']!r}", path, f"one of {', '.join(self.names(kind))}", "name one parent"
            )
        for key in ("on", "models", "lms", "backbones", "frame_stores", "texts", "sweep"):
            _mappings(layer.get(key, {}), f"{path}: {key}", nullable=key != "on")
        for dataset, part in layer.get("on", {}).items():
            if dataset not in self.names("datasets"):
                raise unknown("dataset", str(dataset), self.names("datasets"), f"{path}: on")
            for key in ("lms", "texts"):  # They lie beside the corpus, which several datasets may share.
                if key in part:
                    raise ConfigError(
                        f"{key} of one dataset",
                        f"{path}: on.{dataset}.{key}",
                        f"{key}: outside on:",
                        "give the variant a name of its own and use it in on: models",
                    )
        return layer

    def _path(self, kind: str, name: str) -> Path:
        paths = self._paths(kind)
        if name not in paths:
            raise unknown(kind.removesuffix("s"), name, paths, self.own / "workflow" / kind)
        path = paths[name]
        check_name(kind.removesuffix("s"), name, path)
        return path

    @cache  # noqa: B019 (one Files lives as long as the process)
    def dataset(self, name: str) -> DatasetConfig:
        """The resolved dataset ``name``."""
        return validated(DatasetConfig, self.merged("datasets", name), f"workflow/datasets/{name}.yaml")

    @cache  # noqa: B019 (one Files lives as long as the process)
    def system(self, name: str, dataset: str) -> SystemConfig:
        """The resolved system ``name`` on ``dataset``."""
        where = self.where("systems", name)
        if "sweep" in (laid := self._laid("systems", name, dataset)):
            check_sweeps(laid, where)
        return validated(SystemConfig, self.merged("systems", name, dataset), where)

    def text(self, kind: str, name: str) -> str:
        """What stands in the file of ``name``, without its parents."""
        return self._path(kind, name).read_text(encoding="utf-8")

    def where(self, kind: str, name: str) -> str:
        """How an error names a preset: its file and the files that it is based on."""
        first, *bases = self.chain(kind, name)
        return f"workflow/{kind}/{first}.yaml" + (f" (base {', '.join(bases)})" if bases else "")


def whole_workflow(root: Path) -> Path:
    """The folder that holds the Snakefile and all of workflow/: ``root`` where it is a checkout, else the
    installed package.
    """
    return Path(root) if (Path(root) / "workflow" / "schemas").is_dir() else PACKAGE


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """``old`` with ``new`` on top: mappings key by key (unless their ``kind`` differs), null removes, the
    rest replaces.
    """
    merged = dict(old)
    for key, value in new.items():
        if value is None:
            merged.pop(key, None)
        elif (
            isinstance(value, Mapping)
            and isinstance(merged.get(key), Mapping)
            and _same_kind(merged[key], value)
        ):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = merge({}, value) if isinstance(value, Mapping) else value
    return merged


def _same_kind(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return "kind" not in new or old.get("kind") == new["kind"]


def _mappings(value: Any, where: str, nullable: bool) -> None:
    """Raise ConfigError unless ``value`` is a mapping of mappings (or of null, which removes a parent's)."""
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"{value!r} instead of a mapping", where, "names, each with its settings", "correct the file"
        )
    for name, inner in value.items():
        if not isinstance(inner, Mapping) and not (nullable and inner is None):
            raise ConfigError(
                f"{'null' if inner is None else repr(inner)} instead of settings",
                f"{where}.{name}",
                "a mapping",
                "correct the file",
            )
