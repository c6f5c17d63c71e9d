"""Checks the components of a preset against their generated schemas, so that a typo is found before any job
and without torch.

``workflow/schemas/components.json`` holds, for every member of every family, the JSON schema of its Config
and which of its settings are components themselves. ``foretaste schemas --fix`` writes it; a test keeps it in
step with the code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.explain_schema import explained
from foretaste.settings.families import PartOf, part_settings


@cache
def schemas(path: Path) -> dict[str, Any]:
    """Generated schemas. ``components.json``: family -> kind -> {"parts", "schema"} (of views also what they
    show); ``settings.json``: name -> schema.
    """
    return json.loads(path.read_text(encoding="utf-8"))


def check_component(spec: Any, family: str, where: str, known: Mapping[str, Any]) -> None:
    """Raise ConfigError, listing the choices, unless ``spec`` names a member of ``family`` and only settings
    that it has.
    """
    if not isinstance(spec, Mapping) or not isinstance(spec.get("kind"), str):
        raise ConfigError(
            "a component without a kind", where, f"kind: one of {', '.join(known[family])}", "name it"
        )
    kind = spec["kind"]
    if kind not in known[family]:
        raise unknown(f"kind of {family}", str(kind), known[family], where)
    member = known[family][kind]
    settings = {key: value for key, value in spec.items() if key != "kind"}
    check_settings(settings, member["schema"], where)
    for key, part in member["parts"].items():
        for place, one in PartOf(**part).specs(settings.get(key), f"{where}.{key}").items():
            check_component(one, part["family"], place, known)


def with_defaults(spec: Mapping[str, Any], family: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a component by name, also those that ``spec`` leaves to their defaults."""
    properties = known[family][spec["kind"]]["schema"].get("properties", {})
    return {name: spec.get(name, rule.get("default")) for name, rule in properties.items()}


def geometry_of(view: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of the geometry of a view ``clip`` by name."""
    fields = known["views"][view["kind"]]["schema"]["$defs"]["Geometry"]["properties"]
    usual = {name: field["default"] for name, field in fields.items()}
    return usual | dict(with_defaults(view, "views", known)["geometry"])


def check_settings(settings: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError, listing the choices, unless ``settings`` are as the generated ``schema`` says."""
    properties = schema.get("properties", {})
    for key in settings:
        if key not in properties:
            raise unknown("key", str(key), properties, f"{where}.{key}")
    complaint = next(Draft202012Validator(schema).iter_errors(settings), None)
    if complaint is not None:
        raise explained(complaint, where)


def check_parts(options: Any, where: str, known: Mapping[str, Any]) -> None:
    """Check every component anywhere inside a settings object."""
    parts = part_settings(type(options))
    for name in type(options).model_fields:
        value = getattr(options, name)
        if value is None:
            continue
        if name in parts:
            for place, one in parts[name].specs(value, f"{where}.{name}").items():
                check_component(one, parts[name].family, place, known)
        elif isinstance(value, tuple):
            for index, inner in enumerate(value):
                _descend(inner, f"{where}.{name}[{index}]", known)
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                _descend(inner, f"{where}.{name}.{key}", known)
        else:
            _descend(value, f"{where}.{name}", known)


def _descend(value: Any, where: str, known: Mapping[str, Any]) -> None:
    if hasattr(type(value), "model_fields"):
        check_parts(value, where, known)
