"""What a JSON schema says of wrong settings of a component, as one of our one-line errors."""

from __future__ import annotations

from collections.abc import Iterator

from jsonschema import ValidationError

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.explain import missing, wrong

_TYPES = {
    "integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text",
    "array": "a list", "object": "a mapping", "null": "null",
}  # fmt: skip

_BOUNDS = {
    "minimum": "a number of at least {}", "exclusiveMinimum": "a number above {}",
    "maximum": "a number of at most {}", "exclusiveMaximum": "a number below {}",
    "minItems": "at least {} of them", "maxItems": "at most {} of them",
}  # fmt: skip


def explained(complaint: ValidationError, where: str) -> ConfigError:
    """The error for the settings at ``where``, with the key's full path and what it may be."""
    # Of a setting that may be this or that, the complaint about a part of it is the one that was meant.
    alike = list(_alternatives(complaint))
    complaint = max(alike, key=lambda one: len(one.absolute_path))
    path = ".".join([where, *(str(part) for part in complaint.absolute_path)])
    known, given = complaint.schema.get("properties", {}), complaint.instance
    if complaint.validator == "additionalProperties" and known:
        stranger = next(key for key in given if key not in known)
        return unknown("key", str(stranger), known, f"{path}.{stranger}")
    if complaint.validator == "required":
        return missing(next(key for key in complaint.validator_value if key not in given), path)
    same = [one for one in alike if one.absolute_path == complaint.absolute_path]
    return wrong(given, path, dict.fromkeys(wanted for one in same for wanted in _wanted(one)))


def _alternatives(complaint: ValidationError) -> Iterator[ValidationError]:
    """The complaint; where none of several schemas fits, those of each of them."""
    if complaint.validator not in ("anyOf", "oneOf"):
        yield complaint
    for one in complaint.context or ():
        yield from _alternatives(one)


def _wanted(complaint: ValidationError) -> list[str]:
    kind, told = complaint.validator, complaint.validator_value
    if kind == "type":
        return [_TYPES[name] for name in ([told] if isinstance(told, str) else told)]
    if kind in ("enum", "const"):
        return [f"'{one}'" for one in ([told] if kind == "const" else told)]
    return [_BOUNDS.get(kind, "a value that the setting allows").format(told)]
