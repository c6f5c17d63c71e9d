"""Whose attention a report shows: a student that compares a feature map with a teacher's, both of which are
kept with their scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretaste.settings.average_config import AverageConfig
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.components import geometry_of, with_defaults
from foretaste.settings.model_config import ModelConfig, TermConfig
from foretaste.settings.model_outputs import MAPS

#: The view whose pictures attention is laid over.
CLIP = "clip"


def attention(
    catalogue: Catalogue, models: Mapping[str, ModelConfig | AverageConfig]
) -> dict[str, Any] | None:
    """Names of the first such student, of its teacher and of the map, and which frames each of them sees;
    None where there is none.
    """
    for name, student in models.items():
        if not isinstance(student, ModelConfig):
            continue
        for term in student.objective:
            teacher = models.get(term.teacher)
            if isinstance(teacher, ModelConfig) and _both_keep(student, teacher, term):
                return {
                    "student": name,
                    "teacher": term.teacher,
                    "map": term.of.removeprefix(MAPS),
                    "shown": {"student": _shown(catalogue, student), "teacher": _shown(catalogue, teacher)},
                }
    return None


def _both_keep(student: ModelConfig, teacher: ModelConfig, term: TermConfig) -> bool:
    place = term.of.removeprefix(MAPS)
    same = term.of == term.field == f"{MAPS}{place}"
    clips = all(model.as_scored.sees["kind"] == CLIP for model in (student, teacher))
    return same and clips and place in student.maps and place in teacher.maps


def _shown(catalogue: Catalogue, model: ModelConfig) -> dict[str, Any]:
    view = with_defaults(model.as_scored.sees, "views", catalogue.components)
    geometry = geometry_of(model.as_scored.sees, catalogue.components)
    sampling = {name: view[name] for name in ("frames", "rate", "ticks", "window")}
    return {**sampling, "size": geometry["size"], "scoring_side": geometry["scoring_side"]}
