"""Sweeps: models of a preset that differ from one of its models in one setting.

    sweep:
      student_lm:
        objective.1.weight: [1, 2, 8]
        objective.1.loss.temperature: [1, 3, 10]

Every value is a model, called after the last word of the setting and the value (``student_lm_weight_8``),
that is compared with the model itself. A value that the model has already stands for the model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.overrides import NOTHING, found_at, with_value

#: model -> setting -> values.
Sweeps = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Point:
    """One value of a setting of ``model``; ``name``: the model that has it."""

    model: str
    setting: str
    value: Any
    name: str


def points(sweeps: Sweeps, models: Collection[str]) -> Iterator[Point]:
    """Of sweeps whose models are among ``models``."""
    for model, settings in sweeps.items():
        for setting, values in settings.items():
            for value in values:
                name = _named(model, setting, value)
                yield Point(model, setting, value, name if name in models else model)


def swept(preset: Mapping[str, Any]) -> dict[str, Any]:
    """``preset`` with the models of its sweeps, each compared with the one that it comes from. What
    ``check_sweeps`` refuses is left out: a preset is put together on datasets that it is not made for, too.
    """
    models, comparisons = dict(preset.get("models", {})), list(preset.get("comparisons", ()))
    for model, setting, value in _each(preset):
        own, keys = models.get(model, {}), setting.split(".")
        there = model in models and found_at(own, keys[:-1]) is not NOTHING
        name = _named(model, setting, value)
        if not there or name in models or found_at(own, keys) == value:
            continue
        models[name] = {
            **with_value(own, keys, value),
            "label": f"{own.get('label', model)}, {keys[-1]} {value}",
        }
        comparisons.append([name, model])
    return {**preset, "models": models, "comparisons": comparisons}


def check_sweeps(preset: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError for a model or a setting that there is not, and for two models of one name.
    ``preset``: without the models of its sweeps.
    """
    models = preset.get("models", {})
    for model, settings in preset.get("sweep", {}).items():
        if model not in models:
            raise unknown("model", model, models, f"{where}: sweep")
        for setting, values in settings.items():
            here, (*outer, _) = f"{where}: sweep.{model}.{setting}", setting.split(".")
            if found_at(models[model], outer) is NOTHING:
                raise ConfigError(
                    f"{model} has no {'.'.join(outer)}", here, "a setting of it", "correct the path"
                )
            if not isinstance(values, list) or not values:
                raise ConfigError(f"{values!r}", here, "a list of values", "write [1, 2, 8]")
    names = [*models, *(_named(*one) for one in _each(preset))]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ConfigError(
            f"a second model {twice[0]}",
            f"{where}: sweep",
            "every value once, and settings that end in different words",
            "leave one out, or make it a model with a name of its own",
        )


def _each(preset: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Model, setting, value."""
    for model, settings in preset.get("sweep", {}).items():
        for setting, values in settings.items():
            for value in values if isinstance(values, list) else ():
                yield model, setting, value


def _named(model: str, setting: str, value: Any) -> str:
    return f"{model}_{_word(setting.split('.')[-1])}_{_word(value)}"


def _word(value: Any) -> str:
    """``value`` as a part of a name."""
    return re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_")
