"""What every step of the workflow reads, writes and depends on. The Snakemake rules ask this module and add
nothing; for each of their files there is one here that describes its steps.

What its results are called stands in ``result_paths``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from foretaste.pipeline.model_plan import ModelPlan
from foretaste.pipeline.planned import Planned
from foretaste.pipeline.report_plan import plan_report
from foretaste.pipeline.text_plan import TextPlan
from foretaste.pipeline.video_plan import VideoPlan
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.catalogue import Catalogue


class Plan:
    """The steps of one run, each by its stage and the names in the paths of what it makes."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.run = catalogue.run
        self.results = catalogue.results
        self._parts = (TextPlan(catalogue), VideoPlan(catalogue), ModelPlan(catalogue), self)

    def describe(self, stage: str, names: Mapping[str, str]) -> Planned:
        """The step of ``stage`` that makes what has these names."""
        if "system" in names:
            self.catalogue.check_fits(names["dataset"], names["system"])
        part = next(part for part in self._parts if hasattr(part, stage))
        planned = getattr(part, stage)(**dict(names))
        return replace(planned, threads=self.run.threads.get(stage, 1))

    def makes(self, stage: str, names: Mapping[str, str]) -> bool:
        """Whether what has these names is made by ``stage``: scores are also made as averages of others."""
        if stage not in ("train", "score", "average"):
            return True
        self.catalogue.check_fits(names["dataset"], names["system"])
        model = self.catalogue.model(names["dataset"], names["system"], names["model"])
        return isinstance(model, AverageConfig) == (stage == "average")

    def report(self, dataset: str, system: str, scope: str) -> Planned:
        """The page about a system."""
        return plan_report(self.catalogue, dataset, system, scope)
