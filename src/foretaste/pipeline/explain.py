"""What pydantic says of wrong settings, as one of our one-line errors: the key as the user wrote it, and the
choices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from foretaste.contracts.errors import ConfigError, unknown


def explain(error: ValidationError, where: str, model: type[BaseModel], value: Any) -> ConfigError:
    """The complaint that helps most: an unknown key (with the keys there are), before a missing one that it
    may have been.
    """
    complaints = error.errors(include_url=False)
    first = next((one for one in complaints if one["type"] == "extra_forbidden"), complaints[0])
    path = ".".join([where, *_written(first["loc"], value)])
    if first["type"] == "extra_forbidden":
        return unknown("key", str(first["loc"][-1]), _keys(model, first["loc"][:-1]), path)
    if first["type"] == "union_tag_invalid":
        tags = first["ctx"]["expected_tags"].replace("'", "").split(", ")
        return unknown("kind", str(first["ctx"]["tag"]), tags, path)
    if first["type"] == "missing":
        return ConfigError(
            f"missing key {first['loc'][-1]!r}",
            path,
            "a value for it",
            "add it, or correct the key that was meant",
        )
    said = first["msg"].removeprefix("Value error, ")
    written = first.get("input")
    shown = "" if isinstance(written, Mapping) else f" (got {'null' if written is None else repr(written)})"
    return ConfigError(f"{said}{shown}", path, _wanted(first["type"]), "correct the setting")


#: What pydantic calls a wrong value -> what stands there instead.
_KINDS = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "string": "a text",
    "tuple": "a list", "list": "a list", "dict": "a mapping", "literal": "one of the choices",
}  # fmt: skip


def _wanted(complaint: str) -> str:
    """In words, what a value of the kind that pydantic complains of should be."""
    return _KINDS.get(complaint.partition("_")[0], "a value that the setting allows")


def _written(location: Iterable[str | int], value: Any) -> list[str]:
    """The parts of pydantic's location that are keys or positions in what was written; it also names classes
    and kinds.
    """
    parts = []
    for part in location:
        if (isinstance(value, Mapping) and part in value) or (
            isinstance(value, list | tuple) and isinstance(part, int)
        ):
            value = value[part]
            parts.append(str(part))
    return parts


def _keys(model: type[BaseModel], location: Iterable[str | int]) -> set[str]:
    """The field names of the settings class that a location leads to (of all of them, where it does not say
    which).
    """
    classes: list[Any] = [model]
    for part in location:
        inner = [found for one in classes for found in _inside(one, part)]
        tagged = [one for one in classes if _is_meant(one, str(part))]
        classes = inner or tagged or classes
    return {name for one in classes if hasattr(one, "model_fields") for name in one.model_fields}


def _inside(kind: Any, part: str | int) -> list[Any]:
    if hasattr(kind, "model_fields"):
        return _members(kind.model_fields[part].annotation) if part in kind.model_fields else []
    if get_origin(kind) is dict:
        return _members(get_args(kind)[1])
    if get_origin(kind) in (tuple, list) and isinstance(part, int):
        return _members(get_args(kind)[0])
    return []


def _members(annotation: Any) -> list[Any]:
    """The classes and containers that an annotation allows."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [found for one in get_args(annotation) for found in _members(one)]
    return [annotation]


def _is_meant(kind: Any, tag: str) -> bool:
    """Whether pydantic's name for one of several classes (its own name, or its ``kind``) means this one."""
    fields = getattr(kind, "model_fields", {})
    kinds = (
        get_args(fields["kind"].annotation)
        if "kind" in fields and get_origin(fields["kind"].annotation) is Literal
        else ()
    )
    return bool(fields) and (kind.__name__ in tag or tag in kinds)
