"""What pydantic says of wrong settings, as one of our one-line errors: the key as the user wrote it, and the
choices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from foretaste.contracts.errors import ConfigError, unknown


def explain(error: ValidationError, where: str, model: type[BaseModel], value: Any) -> ConfigError:
    """The complaint that helps most: an unknown key (with the keys there are), before a missing one that it
    may have been, before a wrong value.
    """
    complaints = error.errors(include_url=False)
    first = next((one for one in complaints if one["type"] == "extra_forbidden"), complaints[0])
    # Of a setting that may be this or that, pydantic says of each why it is not; the deepest was meant.
    near = [one for one in complaints if _within(first, one, value)]
    first = max(near, key=lambda one: len(_written(one["loc"], value)))
    written = _written(first["loc"], value)
    path, kind, key = ".".join([where, *written]), first["type"], first["loc"][-1] if first["loc"] else where
    if kind == "extra_forbidden":
        return unknown("key", str(key), _keys(model, first["loc"][:-1]), path)
    if kind == "union_tag_invalid":
        tags = first["ctx"]["expected_tags"].replace("'", "").split(", ")
        return unknown("kind", str(first["ctx"]["tag"]), tags, path)
    if kind == "union_tag_not_found":
        kinds = ", ".join(_kinds(model, written))
        return ConfigError("missing key 'kind'", path, f"one of {kinds}", "add it")
    if kind == "missing" and isinstance(key, str):
        return missing(key, path)
    if kind == "value_error":
        said = first["msg"].removeprefix("Value error, ")
        got = first.get("input")
        shown = "" if isinstance(got, Mapping) else f" (got {in_words(got)})"
        return ConfigError(f"{said}{shown}", path, "a value that the setting allows", "correct the setting")
    alike = [one for one in near if _written(one["loc"], value) == written]
    return wrong(first["input"], path, dict.fromkeys(wanted for one in alike for wanted in _wanted(one)))


def missing(key: str, where: str) -> ConfigError:
    """The error for a setting that must be there."""
    return ConfigError(
        f"missing key {key!r}", where, "a value for it", "add it, or correct the key that was meant"
    )


def wrong(value: Any, where: str, wanted: Iterable[str]) -> ConfigError:
    """The error for a ``value`` that should be one of ``wanted``: words in quotation marks, or what kind of
    thing.
    """
    wanted = list(wanted)
    words = [one.strip("'") for one in wanted if one.startswith("'")]
    kinds = [one for one in wanted if not one.startswith("'")]
    if words and isinstance(value, str):
        error = unknown("value", value, words, where)
        kinds = [error.args[2], *kinds]
        return ConfigError(error.args[0], where, " or ".join(kinds), error.args[3])
    chosen = [f"one of {', '.join(words)}"] if words else []
    return ConfigError(
        f"wrong value {in_words(value)}", where, " or ".join([*chosen, *kinds]), "correct the setting"
    )


def in_words(value: Any) -> str:
    """A value as it stands in YAML, or what kind of thing it is."""
    if isinstance(value, Mapping):
        return "(a mapping)" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(in_words(one) for one in value) + "]"
    return {None: "null", True: "true", False: "false"}[value] if _is_word(value) else repr(value)


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


#: What pydantic calls a wrong value -> what stands there instead.
_WORDS = {
    "int": "a whole number", "float": "a number", "finite": "a finite number", "bool": "true or false",
    "string": "a text", "tuple": "a list", "list": "a list", "dict": "a mapping", "mapping": "a mapping",
    "model": "a mapping", "none": "null", "missing": "a list of the length that belongs here",
}  # fmt: skip

#: What pydantic calls a number or a length out of bounds -> the bound in what it tells, and its word.
_BOUNDS = {
    "greater_than": ("gt", "a number above {}"), "greater_than_equal": ("ge", "a number of at least {}"),
    "less_than": ("lt", "a number below {}"), "less_than_equal": ("le", "a number of at most {}"),
    "too_short": ("min_length", "at least {} of them"), "too_long": ("max_length", "at most {} of them"),
}  # fmt: skip


def _wanted(complaint: Mapping[str, Any]) -> list[str]:
    """What the value that pydantic complains of should be."""
    kind, told = complaint["type"], complaint.get("ctx", {})
    if kind == "literal_error":
        choices = re.split(", | or ", told["expected"])  # texts stand in quotation marks, numbers do not
        return ["'" + choice.strip("'") + "'" for choice in choices]
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return [words.format(f"{told[bound]:g}")]
    return [_WORDS.get(kind.partition("_")[0], "a value that the setting allows")]


def _within(first: Mapping[str, Any], other: Mapping[str, Any], value: Any) -> bool:
    """Whether what ``other`` complains of is what ``first`` does, or a part of it."""
    if other is first:
        return True
    if not {"extra_forbidden", "missing"}.isdisjoint((first["type"], other["type"])):
        return False
    outer = _written(first["loc"], value)
    return _written(other["loc"], value)[: len(outer)] == outer


def _written(location: Iterable[str | int], value: Any) -> list[str]:
    """The parts of pydantic's location that are keys or positions in what was written; it also names classes
    and kinds.
    """
    parts = []
    for part in location:
        if (isinstance(value, Mapping) and part in value) or (
            isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]
            parts.append(str(part))
    return parts


def _keys(model: type[BaseModel], location: Iterable[str | int]) -> set[str]:
    """The field names of the settings class that a location leads to (of all of them, where it does not say
    which).
    """
    found = _classes(model, location)
    return {name for one in found if hasattr(one, "model_fields") for name in one.model_fields}


def _kinds(model: type[BaseModel], written: Iterable[str]) -> list[str]:
    """The kinds of the settings classes that a location leads to."""
    location = [int(part) if part.isdigit() else part for part in written]
    return sorted(kind for one in _classes(model, location) for kind in _own_kinds(one))


def _classes(model: type[BaseModel], location: Iterable[str | int]) -> list[Any]:
    classes: list[Any] = [model]
    for part in location:
        inner = [found for one in classes for found in _inside(one, part)]
        tagged = [one for one in classes if _is_meant(one, str(part))]
        classes = inner or tagged or classes
    return classes


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


def _own_kinds(kind: Any) -> tuple[str, ...]:
    """What a settings class may be told as its ``kind``."""
    fields = getattr(kind, "model_fields", {})
    told = fields["kind"].annotation if "kind" in fields else None
    return get_args(told) if get_origin(told) is Literal else ()


def _is_meant(kind: Any, tag: str) -> bool:
    """Whether pydantic's name for one of several classes (its own name, or its ``kind``) means this one."""
    return hasattr(kind, "model_fields") and (kind.__name__ in tag or tag in _own_kinds(kind))
