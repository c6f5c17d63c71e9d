"""What every step of the workflow reads, writes and depends on. The Snakemake rules ask this module and add
nothing; for each of their files there is one here that describes its steps.

A ``Folder`` is one that a step writes as a whole; Snakemake is told of the ``manifest.json`` in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.described import Described
from foretaste.pipeline.model_plan import ModelPlan
from foretaste.pipeline.report_plan import describe_report
from foretaste.pipeline.text_plan import TextPlan
from foretaste.pipeline.video_plan import VideoPlan


class Plan:
    """The steps of one run. ``wildcards`` are Snakemake's, or any mapping with the same names."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.run = catalogue.run
        self.results = catalogue.results
        self._parts = (TextPlan(catalogue), VideoPlan(catalogue), ModelPlan(catalogue), self)

    def describe(self, stage: str, wildcards: Mapping[str, str]) -> Described:
        """The step of ``stage`` for these wildcards."""
        if "system" in wildcards:
            self.catalogue.check_fits(wildcards["dataset"], wildcards["system"])
        part = next(part for part in self._parts if hasattr(part, stage))
        described = getattr(part, stage)(**dict(wildcards))
        return replace(described, threads=self.run.threads.get(stage, 1))

    def report(self, dataset: str, system: str, scope: str) -> Described:
        """The page about a system."""
        return describe_report(self.catalogue, dataset, system, scope)
