"""The base of every settings class: frozen, by name only; unknown keys and numbers that are not finite are
errors.
"""

from __future__ import annotations

from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if twice := [value for value in values if values.count(value) > 1]:
        raise ValueError(f"{twice[0]} occurs twice: each once")
    return values


#: For lists in which nothing may occur twice.
EachOnce = AfterValidator(_once)


class Options(BaseModel):
    """Settings of one component or one part of the configuration; subclasses only add fields."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
