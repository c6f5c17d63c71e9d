"""What the Snakemake rules ask for: input functions, the spec that they watch, threads, and the files of
named targets.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ForetasteError, of_system
from foretaste.pipeline.artifact import remember_json
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.described import Folder
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.places import check_given
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.specs import StepFile, step_file

Wildcards = Mapping[str, str]


class Rules:
    """Functions of wildcards, made once a rule. A wrong setting ends the run with one line, not with a
    traceback.
    """

    def __init__(self, plan: Plan):
        self.plan = plan

    def inputs(self, stage: str) -> Callable[[Wildcards], dict[str, Any]]:
        """The files that Snakemake waits for, by name."""

        def of(wildcards: Wildcards) -> dict[str, Any]:
            described = self.plan.describe(stage, dict(wildcards.items()))
            check_given(
                path
                for path in _flat(described.inputs.values())
                if not path.startswith(f"{self.plan.results}/")
            )
            return {name: declared(paths) for name, paths in described.inputs.items()}

        return _plainly(of)

    def spec(self, stage: str) -> Callable[[Wildcards], str]:
        """The digest of the step's settings and code: what Snakemake watches."""

        def of(wildcards: Wildcards) -> str:
            return self._step(stage, tuple(wildcards.items())).digest

        return _plainly(of)

    def file(self, stage: str) -> Callable[[Wildcards], str]:
        """The step's file, written when it is asked for. It names folders, so it is a resource: those never
        cause a rerun.

        A dry run writes it too, so that the line that Snakemake prints can be run by hand; it is none the
        worse where it cannot.
        """

        def of(wildcards: Wildcards) -> str:
            file = self._step(stage, tuple(wildcards.items()))
            with suppress(OSError):  # a real run has said so in `check_writable`
                file.keep()
            return str(file.path)

        return _plainly(of)

    @cache  # noqa: B019 (one Rules lives as long as the process)
    def _step(self, stage: str, wildcards: tuple[tuple[str, str], ...]) -> StepFile:
        return step_file(self.plan, stage, dict(wildcards))

    def check_writable(self) -> None:
        """End a run that has jobs to do with one line if nothing can be written to the results."""
        probe = Path(self.plan.results) / ".steps" / "writable"
        try:
            remember_json(probe, True)
            probe.unlink(missing_ok=True)
        except OSError as error:
            sys.exit(f"error: {of_system(error)}")

    def processes(self, stage: str) -> Callable[[Wildcards], int]:
        """The processes that share the step: the GPUs that it asks a cluster for."""

        def of(wildcards: Wildcards) -> int:
            return self._step(stage, tuple(wildcards.items())).step["spec"]["processes"]

        return _plainly(of)

    def threads(self, stage: str) -> Callable[[Wildcards], int]:
        """The cores that the step keeps busy: the threads of all its processes."""

        def of(wildcards: Wildcards) -> int:
            spec = self._step(stage, tuple(wildcards.items())).step["spec"]
            return spec["threads"] * spec["processes"]

        return _plainly(of)


class Targets:
    """What a named target asks for, as input functions: only the target that is asked for is looked at."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.at = Locations(catalogue)

    def reports(
        self, dataset: str, systems: Sequence[str], scope: str = ""
    ) -> Callable[[Wildcards], list[str]]:
        """The reports of some systems; ``scope``: "" (the run's seeds), "teachers" (text only) or "seeds".

        A system that is not made for the dataset ends the run with a line that lists those that are.
        """
        inner = f"/{scope}" if scope else ""
        return self._of(
            dataset,
            systems,
            lambda system: [f"{self.catalogue.results}/{dataset}/{system}{inner}/report.html"],
        )

    def features(self, dataset: str, systems: Sequence[str]) -> Callable[[Wildcards], list[str]]:
        """All feature files of the systems' backbones."""

        def of(system: str) -> list[str]:
            backbones = self.catalogue.system(dataset, system).backbones
            files = [path for name in backbones for path in self.at.features(dataset, name)]
            check_given(path for path in files if not path.startswith(f"{self.catalogue.results}/"))
            return files

        return self._of(dataset, systems, of)

    def weights(self, dataset: str, systems: Sequence[str]) -> Callable[[Wildcards], list[str]]:
        """The language models that the systems start from."""

        def of(system: str) -> list[str]:
            lms = self.catalogue.system(dataset, system).lms.values()
            names = {name for lm in lms for name in (lm.init, lm.generator) if name}
            return [declared(self.at.weights(name)) for name in sorted(names)]

        return self._of(dataset, systems, of)

    def _of(
        self, dataset: str, systems: Sequence[str], files: Callable[[str], list[str]]
    ) -> Callable[[Wildcards], list[str]]:
        def of(_: Wildcards) -> list[str]:
            for system in systems:
                self.catalogue.check_fits(dataset, system)
            return [path for system in systems for path in files(system)]

        return _plainly(of)


def declared(paths: str | list[str]) -> str | list[str]:
    """What Snakemake is told of a path: a folder is known by its manifest."""
    if isinstance(paths, list):
        return [declared(path) for path in paths]
    return f"{paths}/manifest.json" if isinstance(paths, Folder) else paths


def _flat(inputs: Iterable[str | list[str]]) -> Iterator[str]:
    for paths in inputs:
        yield from paths if isinstance(paths, list) else [paths]


def _plainly(function: Callable[[Wildcards], Any]) -> Callable[[Wildcards], Any]:
    def plain(wildcards: Wildcards) -> Any:
        try:
            return function(wildcards)
        except ForetasteError as error:
            sys.exit(f"error: {error}")
        except OSError as error:
            sys.exit(f"error: {of_system(error)}")

    return plain
