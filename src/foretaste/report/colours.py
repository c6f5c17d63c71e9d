"""The colour of every model, the same in every section of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Hues that the style sheet defines; a student has the colour of its teacher.
HUES = 8


def colours(models: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """A CSS colour for every model: teachers in turn, students as (the first of) their teachers, the others
    grey.
    """
    teachers = [name for name, model in models.items() if model["role"] == "teacher"]
    found = {name: f"var(--hue{i % HUES + 1})" for i, name in enumerate(teachers)}
    plain = 0
    for name, model in models.items():
        if name not in found:
            taught = [found[other] for other in model.get("mentions", ()) if other in found]
            plain += not taught
            found[name] = taught[0] if taught else f"var(--plain{min(plain, 2)})"
    return found
