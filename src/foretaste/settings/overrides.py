"""Settings of presets laid over from config.yaml or the command line: ``set`` names each by its path.

    set:
      student_lm.training.epochs: 3            of a model; the name may hold * and ?
      student_lm.objective.1.weight: 2         of its second term
      lms.minilm_recipes.training.batch: 64    of anything else in the preset

On the command line: ``--config set="student_*.training.epochs=3,history.length=10"``. Every preset of the run
that has what is named is changed before it is checked, so that a wrong value is an error like any other.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.yaml_files import yaml_value

#: What lies where nothing does.
NOTHING = object()

#: Parts of a preset that hold others by name.
NAMED = ("models", "lms", "backbones", "frame_stores", "texts")


def parsed(value: Any) -> Any:
    """``set`` as a mapping, from one or from ``path=value,path=value``; raises ValueError."""
    if not isinstance(value, str):
        return value
    found = {}
    for part in _parts(value):
        path, equals, text = part.partition("=")
        if not equals or not path.strip():
            raise ValueError(f"{part.strip()!r} is no path=value")
        try:
            setting = yaml_value(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is no YAML value ({error})") from error
        if path.strip() in found:
            raise ValueError(f"{path.strip()} is set twice")
        found[path.strip()] = setting
    return found


def laid_over(preset: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """``preset`` with those of the ``overrides`` that name something in it."""
    changed = dict(preset)
    for path, value in overrides.items():
        for keys in _places(preset, path.split(".")):
            changed = with_value(changed, keys, value)
    return changed


def added(preset: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What ``laid_over`` puts there, alone."""
    alone: dict[str, Any] = {}
    for path, value in overrides.items():
        for keys in _places(preset, path.split(".")):
            alone = with_value(alone, keys, value)
    return alone


def meant(preset: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The ``overrides`` that name something in ``preset``, by their paths."""
    return {path: value for path, value in overrides.items() if _places(preset, path.split("."))}


def check_all_meant(presets: Mapping[str, Mapping[str, Any]], overrides: Mapping[str, Any]) -> None:
    """Raise ConfigError for an override that names nothing in any of the run's presets."""
    for path in overrides:
        if not any(meant(preset, {path: None}) for preset in presets.values()):
            models = {name for preset in presets.values() for name in preset.get("models", {})}
            keys = {key for preset in presets.values() for key in preset}
            raise unknown("model or key", path.split(".")[0], models | keys, f"config.yaml: set: {path}")


def _places(preset: Mapping[str, Any], keys: list[str]) -> list[list[str]]:
    """Where in a preset an override applies."""
    first, *rest = keys
    if first in preset and first not in preset.get("models", {}):
        if first in NAMED and rest:
            return [[first, name, *rest[1:]] for name in _matching(preset[first], rest[0])]
        return [keys]
    return [["models", name, *rest] for name in _matching(preset.get("models", {}), first) if rest]


def _matching(names: Mapping[str, Any], pattern: str) -> list[str]:
    return fnmatch.filter(names, pattern)


def found_at(value: Any, keys: Sequence[str]) -> Any:
    """What lies at ``keys`` in mappings and lists (entries counted from 0); NOTHING where nothing does."""
    for key in keys:
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            return NOTHING
    return value


def with_value(value: Any, keys: Sequence[str], new: Any) -> Any:
    """A copy of ``value`` in which ``new`` lies at ``keys``; mappings that are not there are made. Raises
    ConfigError for an entry that a list does not have.
    """
    first, *rest = keys
    if isinstance(value, list):
        if found_at(value, [first]) is NOTHING:
            raise ConfigError(
                f"no entry {first} of {len(value)}",
                ".".join(keys),
                "their number, from 0",
                "correct the path",
            )
        number = int(first)
        changed = with_value(value[number], rest, new) if rest else new
        return [*value[:number], changed, *value[number + 1 :]]
    copy = dict(value) if isinstance(value, Mapping) else {}
    copy[first] = with_value(copy.get(first), rest, new) if rest else new
    return copy


def _parts(text: str) -> Iterator[str]:
    """The parts between commas that are in no bracket."""
    depth, begin = 0, 0
    for found in re.finditer(r"[\[\]{},]", text):
        if found[0] == ",":
            if depth == 0:
                yield text[begin : found.start()]
                begin = found.end()
        else:
            depth += 1 if found[0] in "[{" else -1
    if text[begin:].strip():
        yield text[begin:]
