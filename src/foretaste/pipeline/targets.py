"""What a named target asks for, in paths: only the target that is asked for is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from foretaste.contracts.modalities import RGB
from foretaste.pipeline.locations import Locations
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.model_config import ModelConfig
from foretaste.settings.places import check_given
from foretaste.settings.table_config import TABLE

Paths = Callable[[Any], list[str]]


class Targets:
    """Functions of Snakemake's wildcards, of which targets have none. A system that is not made for the
    dataset is an error that lists those that are.
    """

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.at = Locations(catalogue)

    def reports(self, dataset: str, systems: Sequence[str], scope: str = "") -> Paths:
        """The reports of some systems; ``scope``: "" (the run's seeds), "teachers" (text only), "seeds"
        or a table.
        """
        inner = f"/{scope}" if scope else ""
        folder = f"{self.catalogue.results}/{dataset}"
        return self._of(dataset, systems, lambda system: [f"{folder}/{system}{inner}/report.html"])

    def tables(self, asked: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Of what is asked for, the tables of presets: target -> system and table."""
        found = {target: re.fullmatch(f"(.+?)_({TABLE})", target) for target in asked}
        named = {target: match.groups() for target, match in found.items() if match}
        systems = self.catalogue.files.names("systems")
        return {target: names for target, names in named.items() if names[0] in systems}

    def features(self, dataset: str, systems: Sequence[str]) -> Paths:
        """All feature files of the systems' backbones, all stored frames, and what was wrong with the
        videos.
        """

        def of(system: str) -> list[str]:
            files = []
            for name in self.catalogue.system(dataset, system).backbones:
                given = self.catalogue.named("backbones", name, dataset).files is not None
                found = self.at.features(dataset, name)
                if given:
                    check_given(found)
                else:
                    files += found
            models = self.catalogue.system(dataset, system).models.values()
            for model in (one for one in models if isinstance(one, ModelConfig)):
                for view in (one for one in model.each_view if model.reads_store(one)):
                    files += self.at.frames(dataset, model.frame_store, view.get("modality", RGB))
            return [*files, f"{self.catalogue.results}/{dataset}/issues.parquet"]

        return self._of(dataset, systems, of)

    def weights(self, dataset: str, systems: Sequence[str]) -> Paths:
        """The language models and backbones that the systems start from."""

        def of(system: str) -> list[str]:
            preset = self.catalogue.system(dataset, system)
            names = {name for lm in preset.lms.values() for name in (lm.init, lm.generator) if name}
            names |= {backbone.init for backbone in preset.backbones.values() if backbone.init}
            return [self.at.weights(name) for name in sorted(names)]

        return self._of(dataset, systems, of)

    def _of(self, dataset: str, systems: Sequence[str], files: Callable[[str], list[str]]) -> Paths:
        def of(_: Any) -> list[str]:
            for system in systems:
                self.catalogue.check_fits(dataset, system)
            return list(dict.fromkeys(path for system in systems for path in files(system)))

        return of
