"""What the Snakemake rules ask for: input functions, the spec that they watch, threads, and the files of named targets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ForetasteError, of_system
from foretaste.pipeline.artifact import remember_json
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.described import Folder
from foretaste.pipeline.places import check_given
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.specs import StepFile, step_file

Wildcards = Mapping[str, str]


class Rules:
    """Functions of wildcards, made once a rule. A wrong setting ends the run with one line, not with a traceback."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def inputs(self, stage: str) -> Callable[[Wildcards], dict[str, Any]]:
        """The files that Snakemake waits for, by name."""

        def of(wildcards: Wildcards) -> dict[str, Any]:
            described = self.plan.describe(stage, dict(wildcards.items()))
            check_given(path for path in _flat(described.inputs.values()) if not path.startswith(f"{self.plan.results}/"))
            return {name: declared(paths) for name, paths in described.inputs.items()}

        return _plainly(of)

    def spec(self, stage: str) -> Callable[[Wildcards], str]:
        """The digest of the step's settings and code: what Snakemake watches."""

        def of(wildcards: Wildcards) -> str:
            return self._step(stage, tuple(wildcards.items())).digest

        return _plainly(of)

    def file(self, stage: str) -> Callable[[Wildcards], str]:
        """The step's file, written when it is asked for. It names folders, so it is a resource: those never cause a rerun.

        A dry run writes it too, so that the line that Snakemake prints can be run by hand; it is none the worse where it cannot.
        """

        def of(wildcards: Wildcards) -> str:
            file = self._step(stage, tuple(wildcards.items()))
            with suppress(OSError):  # a real run has said so in `check_writable`
                file.keep()
            return str(file.path)

        return _plainly(of)

    @cache  # noqa: B019 (one Rules lives as long as the process)
    def _step(self, stage: str, wildcards: tuple[tuple[str, str], ...]) -> StepFile:
        return step_file(self.plan, stage, dict(wildcards), self.threads(stage))

    def check_writable(self) -> None:
        """End a run that has jobs to do with one line if nothing can be written to the results."""
        probe = Path(self.plan.results) / ".steps" / "writable"
        try:
            remember_json(probe, True)
            probe.unlink(missing_ok=True)
        except OSError as error:
            sys.exit(f"error: {of_system(error)}")

    def threads(self, stage: str) -> int:
        """Threads of a stage, from the configuration and never from ``--cores``."""
        return self.plan.run.threads.get(stage, 1)


class Targets:
    """The files that a named target asks for."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue

    def report(self, dataset: str, system: str, scope: str = "") -> str:
        """The report of a system's models; ``scope``: "" (the run's seeds), "teachers" (text only) or "seeds"."""
        return f"{self.catalogue.results}/{dataset}/{system}{'/' if scope else ''}{scope}/report.html"

    def features(self, dataset: str, system: str) -> list[str]:
        """All feature files of a system's backbones."""
        backbones = self.catalogue.system(dataset, system).backbones
        return [path for name in backbones for path in self.catalogue.features(dataset, name)]

    def weights(self, dataset: str, system: str) -> list[str]:
        """The language models that a system starts from."""
        lms = self.catalogue.system(dataset, system).lms.values()
        names = {name for lm in lms for name in (lm.init, lm.generator) if name}
        return [declared(self.catalogue.weights(name)) for name in sorted(names)]

    def fits(self, dataset: str, system: str) -> bool:
        """Whether the system is made for the dataset: the dataset's own system, or a relative of it."""
        own = self.catalogue.files.chain("systems", self.catalogue.dataset(dataset).system)
        return system in own or own[0] in self.catalogue.files.chain("systems", system)


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
