"""The base of every settings class: frozen, by name only, and unknown keys are errors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Settings of one component or one part of the configuration; subclasses only add fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, use_attribute_docstrings=True)
