"""Folders of components: a file's name is the component's name in a preset.

A member of a family is a module of that folder that defines, at its top level, ``class Config(Options)`` (its
settings) and ``build(config, **parts)`` (makes the component). A preset names it by ``kind``:

    families.build("models", {"kind": "avt", "layers": 2, "backbone": {"kind": "vit"}})

A setting declared ``Part("models")`` is itself such a mapping; the part is built first and handed to
``build`` under the setting's name, so that members never import each other. Listing the members imports none
of them.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ValidationError

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.explain import explain

PACKAGE = Path(__file__).parents[1]


#: What makes a module a member of its family.
_CONFIG = re.compile(r"^class Config\b", re.MULTILINE)


@dataclass(frozen=True)
class PartOf:
    """Marks a setting whose value names a member of ``family``, or ``several`` of them by name."""

    family: str
    several: bool = False

    def specs(self, value: Mapping[str, Any] | None, where: str) -> dict[str, Any]:
        """Where it stands -> each component that the setting's ``value`` names."""
        if value is None:
            return {}
        return {f"{where}.{name}": one for name, one in value.items()} if self.several else {where: value}


def Part(family: str) -> Any:  # noqa: N802 (reads as a type in a Config)
    """The type of a setting that holds a component: ``backbone: Part("models")``."""
    return Annotated[dict[str, Any], PartOf(family)]


def Parts(family: str) -> Any:  # noqa: N802 (as Part)
    """The type of a setting that holds several components by name: ``views: Parts("views")``."""
    return Annotated[dict[str, dict[str, Any]], PartOf(family, several=True)]


@cache
def members(family: str) -> tuple[str, ...]:
    """The names of a family's members, found without importing them."""
    files = sorted((PACKAGE / family).glob("*.py"))
    return tuple(path.stem for path in files if _CONFIG.search(path.read_text(encoding="utf-8")))


def load(family: str, kind: str, where: object = "config") -> ModuleType:
    """Import one member; an unknown name lists the choices."""
    if kind not in members(family):
        raise unknown(f"{family} kind", kind, members(family), where)
    return importlib.import_module(f"foretaste.{family}.{kind}")


def build(family: str, spec: Mapping[str, Any], where: object = "config", **parts: Any) -> Any:
    """Build the component that ``spec`` names, and its parts before it.

    ``parts`` are handed on to the member's ``build`` as they are (a vocabulary, class counts, a folder of
    weights).
    """
    if not isinstance(spec.get("kind"), str):
        raise ConfigError(
            f"a {family} component without a kind",
            where,
            f"kind: one of {', '.join(members(family))}",
            "name it",
        )
    module = load(family, spec["kind"], where)
    settings = {key: value for key, value in spec.items() if key != "kind"}
    try:
        config = module.Config(**settings)
    except ValidationError as error:
        raise explain(error, f"{where}.{spec['kind']}", module.Config, settings) from error
    inner: dict[str, Any] = {}
    for name, part in part_settings(module.Config).items():
        built = [
            build(part.family, one, place, **parts)
            for place, one in part.specs(getattr(config, name), f"{where}.{name}").items()
        ]
        if part.several:
            inner[name] = dict(zip(getattr(config, name), built))
        elif built:
            inner[name] = built[0]
    return module.build(config, **parts, **inner)


def part_settings(model: type[BaseModel]) -> dict[str, PartOf]:
    """The settings of a Config that hold components, ``Part(...)``, ``Part(...) | None`` or ``Parts(...)``:
    name -> of which family.
    """
    found = {}
    for name, field in model.model_fields.items():
        marks = [
            *field.metadata,
            *(mark for option in get_args(field.annotation) for mark in getattr(option, "__metadata__", ())),
        ]
        found.update((name, mark) for mark in marks if isinstance(mark, PartOf))
    return found
