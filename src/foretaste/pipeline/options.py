"""The base of every settings class: frozen, by name only; unknown keys and numbers that are not finite are
errors.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Settings of one component or one part of the configuration; subclasses only add fields."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
