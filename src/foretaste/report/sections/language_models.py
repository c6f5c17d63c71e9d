"""Every language model that was pretrained for these models, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.pipeline import artifact
from foretaste.report.finished_runs import FinishedRuns

TITLE = "Language models"


@dataclass(frozen=True)
class LanguageModels:
    """``world``, ``lm`` and what its metrics.json holds, of each."""

    models: Sequence[Mapping[str, Any]]


def build(runs: FinishedRuns) -> LanguageModels | None:
    """None where none was pretrained."""
    lms = zip(runs.settings["lms"], runs.inputs.get("lms", ()), strict=True)
    models = [{**lm, **artifact.read_json(path)} for lm, path in lms]
    return LanguageModels(models) if models else None
